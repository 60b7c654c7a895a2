-- Make a stream and its group where they are missing.
-- KEYS: stream.  ARGV: group, nobody's name.  Returns how many entries were there before it.
-- Who held those, the lost group alone knew, and their effect may be under way: so nobody holds
-- them for a lease. An empty stream delays nothing, and a push makes the group of a new one.
local stream, group, nobody = KEYS[1], ARGV[1], ARGV[2]
local made = redis.pcall('XGROUP', 'CREATE', stream, group, '0', 'MKSTREAM')
if made.err then
  if string.find(made.err, 'BUSYGROUP', 1, true) then return 0 end
  return made
end
local held = 0
repeat
  local reply = redis.call(
    'XREADGROUP', 'GROUP', group, nobody, 'COUNT', 100, 'STREAMS', stream, '>')
  if reply then held = held + #reply[1][2] end
until not reply
return held
