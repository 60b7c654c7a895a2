-- Claim feeds that are due. A lease ends on an odd millisecond, a time that was set is even: so a
-- score tells by itself whether somebody is polling that feed now.
-- KEYS: due-queue.  ARGV: count, lease (ms), most bytes of a feed's name.
-- Returns how many names were too long and so removed, then feed, deadline, feed, deadline, ...
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deadline = now + tonumber(ARGV[2])
if deadline % 2 == 0 then deadline = deadline + 1 end
local out, foreign = {0}, 0
for _, feed in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[1])) do
  if #feed > tonumber(ARGV[3]) then
    foreign = foreign + redis.call('ZREM', KEYS[1], feed)
  else
    redis.call('ZADD', KEYS[1], deadline, feed)
    out[#out + 1] = feed
    out[#out + 1] = deadline
  end
end
out[1] = foreign
return out
