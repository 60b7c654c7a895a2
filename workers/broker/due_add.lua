-- Add feeds that the due-queue lacks; with soonest, also move those that would be polled later.
-- A feed that is being polled now (odd score, still ahead) keeps its lease.
-- KEYS: due-queue.  ARGV: soonest (0 or 1), longest lease (ms), then per feed delay (ms) and feed.
-- Returns how many were added or moved.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local soonest, longest, changed = ARGV[1] == '1', tonumber(ARGV[2]), 0
for i = 3, #ARGV, 2 do
  local at, feed = now + tonumber(ARGV[i]), ARGV[i + 1]
  at = at - at % 4
  local score = tonumber(redis.call('ZSCORE', KEYS[1], feed) or nil)
  local leased = score and score % 2 == 1 and score > now and score <= now + longest
  if not score or (soonest and not leased and at < score) then
    redis.call('ZADD', KEYS[1], at, feed)
    changed = changed + 1
  end
end
return changed
