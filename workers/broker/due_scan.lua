-- Read a piece of the due-queue: all of it in one answer would hold up everybody else.
-- KEYS: due-queue.  ARGV: cursor, about how many, most bytes of a feed's name (longer: removed).
-- Returns the next cursor, then feeds.
local found = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local out = {found[1]}
for i = 1, #found[2], 2 do
  local feed = found[2][i]
  if #feed > tonumber(ARGV[3]) then
    redis.call('ZREM', KEYS[1], feed)
  else
    out[#out + 1] = feed
  end
end
return out
