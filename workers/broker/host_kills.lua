-- Count the pages of a host whose process was killed lately, after noting one more if there is one.
-- KEYS: kills.  ARGV: window (ms), most that are remembered, name of a new one ('': none).
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[3] ~= '' then
  redis.call('ZADD', KEYS[1], now, ARGV[3])
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '(' .. now, '+inf')
  redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -ARGV[2] - 1)
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
end
-- Anybody may have written there: what lies in the future was not written by us.
return redis.call('ZCOUNT', KEYS[1], '(' .. (now - ARGV[1]), now)
