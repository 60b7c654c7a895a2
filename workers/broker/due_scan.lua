-- Read a piece of the due-queue: all of it in one answer would hold up everybody else.
-- KEYS: due-queue.  ARGV: cursor, about how many, most bytes of a feed's name (longer: removed),
-- longest lease (ms), what is told of a feed that is being polled, or that waits for its host.
-- Returns the next cursor, then feed, milliseconds until it is due, feed, milliseconds, ...
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local longest, held = tonumber(ARGV[4]), tonumber(ARGV[5])
local found = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local out = {found[1]}
for i = 1, #found[2], 2 do
  local feed, score = found[2][i], tonumber(found[2][i + 1]) or 0
  if #feed > tonumber(ARGV[3]) then
    redis.call('ZREM', KEYS[1], feed)
  else
    local leased = score % 2 == 1 and score > now and score <= now + longest
    out[#out + 1] = feed
    out[#out + 1] = (leased or score % 4 == 2) and held or math.min(score - now, 2 ^ 52)
  end
end
return out
