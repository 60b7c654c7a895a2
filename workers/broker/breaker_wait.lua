-- May this endpoint be tried? An open breaker whose time has come lets one probe through, and
-- leases that turn, so that a probe which dies does not keep it shut.
-- KEYS: breaker.  ARGV: lease (ms), longest delay (ms), longest lease (ms).
-- Returns 0 or milliseconds.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Anybody may have written there: what is no number, or beyond all that we write, is 0.
local function number(text, most)
  local value = tonumber(text or 0) or 0
  return value >= 0 and value <= most and value or 0
end

local state = redis.call('HMGET', KEYS[1], 'until', 'probe')
local shut = number(state[1], now + tonumber(ARGV[2]))
if shut == 0 then return 0 end
local wait = math.max(shut, number(state[2], now + tonumber(ARGV[3]))) - now
if wait > 0 then return wait end
redis.call('HSET', KEYS[1], 'probe', now + tonumber(ARGV[1]))
return 0
