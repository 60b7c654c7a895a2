-- Lease entries: those whose lease ran out first, then new ones, the first streams first.
-- KEYS: streams, the highest first.  ARGV: group, consumer, count, lease (ms, 0: reclaim nothing),
-- how long the reader is in touch (ms), lowest first (0 or 1), prefix of beats, prefix of goodbyes,
-- nobody's name, a beat's time to live (ms), for how long this reader has asked (ms).
-- Returns how many had run out, and a list of {stream's number, entry, deaths, kind, id}; kind and
-- id are '' where they are not what we write. Further fields are another version's: they are not
-- handed on.
local group, me, count = ARGV[1], ARGV[2], tonumber(ARGV[3])
local lease, touch, lowest_first = tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6] == '1'
local beat, bye, nobody, ttl = ARGV[7], ARGV[8], ARGV[9], tonumber(ARGV[10])
local asking = tonumber(ARGV[11])
local out, owners = {}, {}
local SCAN, SCANS, FIELDS, LETTERS = 100, 50, 32, 256

local function keep(number, entry, deaths)
  local told = {k = '', i = ''}
  local fields = entry[2] or {}
  for at = 1, math.min(#fields, FIELDS), 2 do
    if told[fields[at]] == '' and #fields[at + 1] <= LETTERS then
      told[fields[at]] = fields[at + 1]
    end
  end
  out[#out + 1] = {number, entry[1], deaths, told.k, told.i}
end

-- How an owner stands: 0 lives or left in good order, 1 died, nil cannot be told yet.
-- After an outage every beat is old, so silence proves nothing until the reader itself has been in
-- touch for a lease, in which the living had time to beat again.
local function standing(owner)
  if owner == me or owner == nobody or redis.call('EXISTS', bye .. owner) == 1 then return 0 end
  local left = redis.call('PTTL', beat .. owner)
  if left > ttl - 0.9 * lease then return 0 end
  if touch >= lease then return 1 end
  return nil
end

local function reclaim(number, most)
  local stream, ids, deaths, from = KEYS[number], {}, {}, '-'
  for _ = 1, SCANS do
    local held = redis.call('XPENDING', stream, group, 'IDLE', lease, from, '+', SCAN)
    for _, item in ipairs(held) do
      local owner = item[2]
      if owners[owner] == nil then owners[owner] = standing(owner) or -1 end
      local verdict = owners[owner]
      -- Not for ever: a reader that never stays in touch must not keep work from being done. By its
      -- own time: a supervisor that waits long before it restarts must not acquit what kills.
      if verdict < 0 and asking > 2.5 * lease then verdict = 0 end
      if verdict >= 0 and #ids < most then
        ids[#ids + 1] = item[1]
        deaths[item[1]] = verdict
      end
    end
    if #held < SCAN or #ids >= most then break end
    from = '(' .. held[#held][1]
  end
  if #ids == 0 then return end
  for _, entry in ipairs(redis.call('XCLAIM', stream, group, me, lease, unpack(ids))) do
    if entry then keep(number, entry, deaths[entry[1]]) end
  end
end

local function fresh(number, most)
  if most <= 0 then return end
  local reply = redis.call(
    'XREADGROUP', 'GROUP', group, me, 'COUNT', most, 'STREAMS', KEYS[number], '>')
  if not reply then return end
  for _, entry in ipairs(reply[1][2]) do keep(number, entry, 0) end
end

-- Say whether an id ("milliseconds-number") is later than another, by its milliseconds.
local function later(one, other)
  local a, b = string.match(one, '^%d+'), string.match(other, '^%d+')
  if #a ~= #b then return #a > #b end
  return a > b
end

-- A group that somebody set ahead of its stream would get nothing any more: it begins anew.
local function set_back(stream)
  if redis.call('XLEN', stream) == 0 then return end
  local function fact(flat, name)
    for i = 1, #flat, 2 do if flat[i] == name then return flat[i + 1] end end
  end
  local last = fact(redis.call('XINFO', 'STREAM', stream), 'last-generated-id')
  for _, flat in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
    if fact(flat, 'name') == group and later(fact(flat, 'last-delivered-id'), last) then
      redis.call('XGROUP', 'SETID', stream, group, '0')
    end
  end
end

if lease > 0 then
  for number = 1, #KEYS do
    -- One slot stays for new work, so that work which kills its owners cannot stop all other.
    local most = math.max(1, count - 1) - #out
    if most > 0 then reclaim(number, most) end
  end
end
local expired = #out
if lowest_first and #KEYS > 1 then fresh(#KEYS, math.min(1, count - #out)) end
for number = 1, #KEYS do fresh(number, count - #out) end
if lease > 0 and #out == 0 then
  for number = 1, #KEYS do set_back(KEYS[number]) end
end
return {expired, out}
