-- Set feeds' next times, each only if its score still is the deadline of its lease (the fence).
-- A time that was set is a multiple of 4; one at which a feed only asks its host again is 2 above.
-- KEYS: due-queue.  ARGV: per feed its name, deadline (ms), delay (ms), 1 if it waits for its host.
-- Returns per feed 1 or 0.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local out = {}
for i = 1, #ARGV, 4 do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if score and tonumber(score) == tonumber(ARGV[i + 1]) then
    local next = now + tonumber(ARGV[i + 2])
    redis.call('ZADD', KEYS[1], next - next % 4 + 2 * tonumber(ARGV[i + 3]), ARGV[i])
    out[#out + 1] = 1
  else
    out[#out + 1] = 0
  end
end
return out
