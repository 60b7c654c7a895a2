-- Take entries out of a stream for good.
-- KEYS: stream, then the keys that name the entries.  ARGV: group, then the entries' ids.
local stream = KEYS[1]
local entries = {unpack(ARGV, 2)}
redis.call('XACK', stream, ARGV[1], unpack(entries))
redis.call('XDEL', stream, unpack(entries))
if #KEYS == 1 then return 0 end
local named = {unpack(KEYS, 2)}
local values = redis.call('MGET', unpack(named))
local gone = {}
for i, value in ipairs(values) do
  if value == entries[i] .. ' ' .. stream then gone[#gone + 1] = named[i] end
end
if #gone > 0 then redis.call('DEL', unpack(gone)) end
return #gone
