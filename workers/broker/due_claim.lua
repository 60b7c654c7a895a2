-- Claim feeds that are due. A lease ends on an odd millisecond, a time that was set is even: so a
-- score tells by itself whether somebody is polling that feed now.
-- KEYS: due-queue.  ARGV: count, lease (ms), most bytes of a feed's name.
-- Returns how many names were too long and so removed, then per feed its name, deadline, and for how
-- long it was due (ms).
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deadline = now + tonumber(ARGV[2])
if deadline % 2 == 0 then deadline = deadline + 1 end
local out, foreign = {0}, 0
local due = redis.call(
  'ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[1])
for i = 1, #due, 2 do
  local feed = due[i]
  if #feed > tonumber(ARGV[3]) then
    foreign = foreign + redis.call('ZREM', KEYS[1], feed)
  else
    redis.call('ZADD', KEYS[1], deadline, feed)
    out[#out + 1] = feed
    out[#out + 1] = deadline
    out[#out + 1] = math.min(now - (tonumber(due[i + 1]) or now), 2 ^ 52)
  end
end
out[1] = foreign
return out
