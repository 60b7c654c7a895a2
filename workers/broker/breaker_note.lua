-- Record a failed attempt.
-- KEYS: breaker.  ARGV: failures that open it, first delay, longest delay, time to live (ms).
-- Returns milliseconds until the next probe, 0 while closed.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local key = KEYS[1]
local state = redis.call('HMGET', key, 'until', 'delay')
local shut, delay = tonumber(state[1] or 0), tonumber(state[2] or 0)
if shut == 0 then
  if redis.call('HINCRBY', key, 'fails', 1) >= tonumber(ARGV[1]) then
    delay = tonumber(ARGV[2])
    shut = now + delay
  end
elseif now >= shut then
  delay = math.min(2 * delay, tonumber(ARGV[3]))
  shut = now + delay
  redis.call('HDEL', key, 'probe')
end
-- A failure while it is shut was under way before it opened: it says nothing new.
if shut > 0 then redis.call('HSET', key, 'until', shut, 'delay', delay) end
redis.call('PEXPIRE', key, ARGV[4])
return math.max(0, shut - now)
