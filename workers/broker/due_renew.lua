-- Renew a slow poll's lease behind the same fence.
-- KEYS: due-queue.  ARGV: feed, deadline (ms), lease (ms).  Returns the new deadline, 0 if lost.
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return 0 end
local time = redis.call('TIME')
local deadline = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])
if deadline % 2 == 0 then deadline = deadline + 1 end
redis.call('ZADD', KEYS[1], deadline, ARGV[1])
return deadline
