-- Put ids into their streams, each id at most once, however often it is pushed.
-- KEYS: per id, the key that names its entry, and its stream.  ARGV: group, then per id kind and id.
-- Returns per id 1 (new) or 0 (it was there).
local group = ARGV[1]
local count = #KEYS / 2
local named = {}
for i = 1, count do named[i] = KEYS[2 * i - 1] end
local known = redis.call('MGET', unpack(named))
local fresh, names, failed = {}, {}, nil
for i = 1, count do
  if not known[i] and redis.call('TYPE', named[i])['ok'] ~= 'none' then
    return redis.error_reply('WRONGTYPE ' .. named[i])
  end
end
local given = {}

-- The key's value is "<entry> <stream>". True: that entry still is in its stream, and has to stay.
local function there(value, stream)
  local entry, where = string.match(string.sub(value, 1, 400), '^(%S+) ({tocsin}:s:.+)$')
  if not entry then return false end
  local found = redis.pcall('XRANGE', where, entry, entry)
  if found.err or #found == 0 then return false end
  if where == stream then return true end
  -- Asked for in another stream: it moves, unless somebody has it already.
  local held = redis.pcall('XPENDING', where, group, entry, entry, 1)
  if not held.err and #held > 0 then return true end
  redis.call('XDEL', where, entry)
  return false
end

for i = 1, count do
  local key, stream = KEYS[2 * i - 1], KEYS[2 * i]
  if given[key] or (known[i] and there(known[i], stream)) then
    fresh[i] = 0
  else
    if redis.call('EXISTS', stream) == 0 then  -- a group that is made later would hold this back
      redis.pcall('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM')
    end
    local entry = redis.pcall('XADD', stream, '*', 'k', ARGV[2 * i], 'i', ARGV[2 * i + 1])
    if type(entry) == "table" then failed = entry break end
    given[key] = true
    names[#names + 1] = key
    names[#names + 1] = entry .. ' ' .. stream
    fresh[i] = 1
  end
end
-- What was added is named in any case, else a second push would add it again.
if #names > 0 then redis.call('MSET', unpack(names)) end
if failed then return failed end
return fresh
