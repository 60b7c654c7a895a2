-- Say that a process lives.
-- KEYS: its beat, the list of beats.  ARGV: consumer, what it tells of itself, time to live (ms),
-- how long the list remembers (ms), how many it remembers.
-- While the memory is full the beat it had is prolonged: that allocates nothing.
local told = redis.pcall('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
if told.err then return redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[4]))
redis.call('ZREMRANGEBYSCORE', KEYS[2], now + 60000, '+inf')
redis.call('ZREMRANGEBYRANK', KEYS[2], 0, -1 - tonumber(ARGV[5]))
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
