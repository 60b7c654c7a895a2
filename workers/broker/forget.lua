-- Remove consumers that hold nothing.
-- KEYS: streams.  ARGV: group, the one consumer to remove (empty: all that are silent),
-- prefix of beats, least silence (ms), nobody's name.
local group, only, beat, silence = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local removed = 0
for _, stream in ipairs(KEYS) do
  local listed = redis.pcall('XINFO', 'CONSUMERS', stream, group)
  if not listed.err then
    for _, flat in ipairs(listed) do
      local consumer = {}
      for i = 1, #flat, 2 do consumer[flat[i]] = flat[i + 1] end
      local name = consumer['name']
      local gone = name == only
      if only == '' then
        gone = name ~= ARGV[5] and consumer['idle'] >= silence
          and redis.call('EXISTS', beat .. name) == 0
      end
      if gone and consumer['pending'] == 0 then
        redis.call('XGROUP', 'DELCONSUMER', stream, group, name)
        removed = removed + 1
      end
    end
  end
end
return removed
