-- Count what waits in each stream, and what somebody holds.
-- KEYS: streams.  ARGV: group, the consumer that holds what was handed back (which waits).
-- A stream or group that is missing, or no stream at all, holds nothing.
local counted = {}
for number, stream in ipairs(KEYS) do
  local length = redis.pcall('XLEN', stream)
  if type(length) ~= 'number' then length = 0 end
  local pending = 0
  local held = redis.pcall('XPENDING', stream, ARGV[1])
  if type(held) == 'table' and not held.err and type(held[4]) == 'table' then
    for _, consumer in ipairs(held[4]) do
      if consumer[1] ~= ARGV[2] then pending = pending + tonumber(consumer[2]) end
    end
  end
  counted[number] = {math.max(0, length - pending), pending}
end
return counted
