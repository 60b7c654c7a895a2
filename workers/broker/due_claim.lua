-- Claim feeds that are due. A lease ends on an odd millisecond, a time that was set is even: so a
-- score tells by itself whether somebody is polling that feed now.
-- KEYS: due-queue.  ARGV: count, lease (ms).  Returns feed, deadline, feed, deadline, ...
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deadline = now + tonumber(ARGV[2])
if deadline % 2 == 0 then deadline = deadline + 1 end
local out = {}
for _, feed in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  redis.call('ZADD', KEYS[1], deadline, feed)
  out[#out + 1] = feed
  out[#out + 1] = deadline
end
return out
