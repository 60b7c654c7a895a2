-- Let a host rest; a longer rest that was asked for earlier stands.
-- KEYS: gate.  ARGV: rest (ms), longest rest (ms).
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = tonumber(redis.call('HGET', KEYS[1], 'rest') or 0) or 0
-- Anybody may have written there: what is beyond all that we write does not count.
if not (before <= now + tonumber(ARGV[2])) then before = 0 end
local rest = math.max(now + tonumber(ARGV[1]), before)
redis.call('HSET', KEYS[1], 'rest', rest)
local left = rest - now + 1000
if redis.call('PTTL', KEYS[1]) < left then redis.call('PEXPIRE', KEYS[1], left) end
return rest - now
