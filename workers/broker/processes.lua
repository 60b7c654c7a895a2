-- What do the live processes tell of themselves?
-- KEYS: the list of beats.  ARGV: prefix of beats, a beat's time to live (ms), most processes,
-- most bytes of what one tells, most bytes of a name, most bytes of what all tell.
-- Returns a list of {what it told, milliseconds its beat has left}. Whoever says that he beats in
-- the future, or tells more than a process of ours does, is left out. Where all tell too much for
-- one answer, of the rest only their names are told.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ttl, left, out = tonumber(ARGV[2]), tonumber(ARGV[6]), {}
local names = redis.call(
  'ZRANGE', KEYS[1], now + 1000, now - ttl, 'BYSCORE', 'REV', 'LIMIT', 0, ARGV[3])
for _, name in ipairs(names) do
  local key = ARGV[1] .. name
  if #name <= tonumber(ARGV[5]) and redis.call('TYPE', key)['ok'] == 'string'
    and redis.call('STRLEN', key) <= tonumber(ARGV[4]) then
    local told = redis.call('GET', key)
    if #told > left then told = cjson.encode({name = name}) else left = left - #told end
    out[#out + 1] = {told, redis.call('PTTL', key)}
  end
end
return out
