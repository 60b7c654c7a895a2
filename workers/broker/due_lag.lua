-- For how long has the most overdue feed waited?
-- KEYS: due-queue.  Returns milliseconds, 0 if none is due.
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
if #first == 0 then return 0 end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return math.max(0, math.min(now, now - math.floor(tonumber(first[2]) or now)))
