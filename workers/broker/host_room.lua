-- How soon may pages of hosts be asked for, and how many requests are under way there?
-- KEYS: per host turns taken, gate, line of feeds.  ARGV: longest time ahead (ms), spacing (ms) of
-- each host.  Returns per host milliseconds (0: now) and a number.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local latest = now + tonumber(ARGV[1])
local LATE, IN_A_ROW = 3000, 3
local function number(text)
  local value = tonumber(text or 0) or 0
  return value >= 0 and value <= latest and value or 0
end
local out = {}
for i = 0, #KEYS / 3 - 1 do
  local turns, gate, line = KEYS[3 * i + 1], KEYS[3 * i + 2], KEYS[3 * i + 3]
  local spacing = tonumber(ARGV[i + 2])
  local state = redis.call('HMGET', gate, 'next', 'rest', 'row')
  local open = math.max(number(state[1]), number(state[2]), now)
  if number(state[3]) < IN_A_ROW then
    local found = redis.call('ZRANGEBYSCORE', line, now - LATE, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    local first = found[2] and tonumber(found[2])
    if first and first < open + spacing then open = math.max(open, math.max(first, now) + spacing) end
  end
  out[#out + 1] = math.max(0, math.min(math.floor(open - now), latest - now))
  redis.call('ZREMRANGEBYSCORE', turns, '-inf', now)
  out[#out + 1] = redis.call('ZCARD', turns)
end
return out
