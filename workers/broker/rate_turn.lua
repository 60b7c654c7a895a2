-- Take a turn to send, or learn how long to wait. At most so many turns in any window.
-- KEYS: turns taken, end of the line.  ARGV: token, turns, window (ms), longest line (turns).
-- Returns 0 (go) or milliseconds. Those who wait get times one after the other.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local taken, line = KEYS[1], KEYS[2]
local most, window, longest = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
redis.call('ZREMRANGEBYSCORE', taken, '-inf', now - window)
-- What lies ahead was written by a clock that was wrong, or not by us.
redis.call('ZREMRANGEBYSCORE', taken, '(' .. now, '+inf')
if redis.call('ZCARD', taken) < most then
  redis.call('ZADD', taken, now, ARGV[1])
  redis.call('PEXPIRE', taken, window)
  return 0
end
local oldest = redis.call('ZRANGEBYSCORE', taken, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
local first = math.max(now + 1, tonumber(oldest[2]) + window)
local step = math.max(1, window / most)
local last = first + longest * step
local tail = tonumber(redis.call('GET', line) or 0) or 0
local slot = math.floor(math.max(first, tail + step))
-- A line that got absurdly long starts again: its callers come back and are told anew.
if slot > last then slot = first end
redis.call('SET', line, slot, 'PX', slot - now + 1000)
return slot - now
