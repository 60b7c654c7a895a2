-- Take a turn at a host, or learn how long to wait.
-- KEYS: turns taken, gate.  ARGV: token, spacing (ms), at once, hold (ms), longest rest (ms).
-- Returns 0 (go) or milliseconds. Those who wait get times one after the other.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local turns, gate = KEYS[1], KEYS[2]
local spacing, at_once, hold = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local LEAST_STEP, LONGEST_LINE, LONGEST_HOLD = 200, 60, 3600000
redis.call('ZREMRANGEBYSCORE', turns, '-inf', now)
redis.call('ZREMRANGEBYSCORE', turns, '(' .. (now + hold + LONGEST_HOLD), '+inf')

-- Anybody may have written there: what is no number, or beyond all that we write, is 0.
local latest = now + tonumber(ARGV[5])
local function number(text)
  local value = tonumber(text or 0) or 0
  return value >= 0 and value <= latest and value or 0
end

local state = redis.call('HMGET', gate, 'next', 'rest', 'tail')
local next, rest, tail = number(state[1]), number(state[2]), number(state[3])
local open = math.max(next, rest, now)
local full = redis.call('ZCARD', turns) >= at_once

local function remember(field, at)
  redis.call('HSET', gate, field, at)
  local left = math.max(at, rest, next) - now + 1000
  if redis.call('PTTL', gate) < left then redis.call('PEXPIRE', gate, left) end
end

if open == now and not full then
  redis.call('ZADD', turns, now + hold, ARGV[1])
  if redis.call('PTTL', turns) < hold then redis.call('PEXPIRE', turns, hold) end
  remember('next', now + spacing)
  return 0
end
local step = math.max(spacing, LEAST_STEP)
local first = full and math.max(open, now + step) or open
local slot = math.max(first, tail + step)
-- A line that got absurdly long starts again: its callers come back and are told anew.
if slot > first + LONGEST_LINE * step then slot = first end
remember('tail', slot)
return math.max(1, slot - now)
