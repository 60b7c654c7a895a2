-- Record a failed attempt.
-- KEYS: breaker.  ARGV: failures that open it, first delay, longest delay, time to live (ms).
-- Returns milliseconds until the next probe, 0 while closed.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local key = KEYS[1]
local first, longest = tonumber(ARGV[2]), tonumber(ARGV[3])

-- Anybody may have written there: what is no number, or beyond all that we write, is 0.
local function number(text, most)
  local value = tonumber(text or 0) or 0
  return value >= 0 and value <= most and value or 0
end

local state = redis.call('HMGET', key, 'until', 'delay', 'fails')
local shut, delay = number(state[1], now + longest), number(state[2], longest)
if shut == 0 then
  local fails = number(state[3], 1000) + 1
  redis.call('HSET', key, 'fails', fails)
  if fails >= tonumber(ARGV[1]) then
    delay = first
    shut = now + delay
  end
elseif now >= shut then
  delay = math.min(2 * math.max(delay, first), longest)
  shut = now + delay
  redis.call('HDEL', key, 'probe')
end
-- A failure while it is shut was under way before it opened: it says nothing new.
if shut > 0 then redis.call('HSET', key, 'until', shut, 'delay', delay) end
redis.call('PEXPIRE', key, ARGV[4])
return math.max(0, shut - now)
