-- How long is each breaker shut yet?
-- KEYS: breakers.  ARGV: longest delay, longest lease of a probe (ms).
-- Returns milliseconds for each, 0 for those that may be tried.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Anybody may have written there: what is no number, or beyond all that we write, is 0.
local function number(text, most)
  local value = tonumber(text or 0) or 0
  return value >= 0 and value <= most and value or 0
end

local out = {}
for i, key in ipairs(KEYS) do
  local state = redis.call('HMGET', key, 'until', 'probe')
  local shut = number(state[1], now + tonumber(ARGV[1]))
  local probe = number(state[2], now + tonumber(ARGV[2]))
  out[i] = shut > 0 and math.max(0, shut - now, probe - now) or 0
end
return out
