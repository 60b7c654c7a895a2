-- Set a feed's next time, only if its score still is the deadline of this lease (the fence).
-- KEYS: due-queue.  ARGV: feed, deadline (ms), delay (ms).  Returns 1 or 0.
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score or tonumber(score) ~= tonumber(ARGV[2]) then return 0 end
local time = redis.call('TIME')
local next = time[1] * 1000 + math.floor(time[2] / 1000) + tonumber(ARGV[3])
redis.call('ZADD', KEYS[1], next - next % 2, ARGV[1])
return 1
