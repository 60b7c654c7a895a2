-- May this endpoint be tried? An open breaker whose time has come lets one probe through, and
-- leases that turn, so that a probe which dies does not keep it shut.
-- KEYS: breaker.  ARGV: lease (ms).  Returns 0 or milliseconds.
local state = redis.call('HMGET', KEYS[1], 'until', 'probe')
local shut = tonumber(state[1] or 0)
if shut == 0 then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local wait = math.max(shut, tonumber(state[2] or 0)) - now
if wait > 0 then return wait end
redis.call('HSET', KEYS[1], 'probe', now + tonumber(ARGV[1]))
return 0
