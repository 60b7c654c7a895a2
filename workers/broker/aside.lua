-- Move a key away that holds what we never put there, so that ours can be made anew.
-- KEYS: the key, where it goes, the epoch.  ARGV: the type it ought to have, how long it is kept
-- aside (ms), 1 if it held work (its loss is then told to whoever fills Redis from SQL).
-- Returns what it was, '' if it is good by now. A stream that can take no further entry is not.
local was = redis.call('TYPE', KEYS[1])['ok']
if was == 'none' then return '' end
if was == ARGV[1] then
  if was ~= 'stream' then return '' end
  local facts = redis.call('XINFO', 'STREAM', KEYS[1])
  local last = ''
  for i = 1, #facts, 2 do
    if facts[i] == 'last-generated-id' then last = facts[i + 1] end
  end
  if #last < 37 then return '' end -- a time in milliseconds has thirteen digits, not twenty
  was = 'exhausted stream'
end
redis.call('UNLINK', KEYS[2])
redis.call('RENAME', KEYS[1], KEYS[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
if ARGV[3] == '1' then redis.call('DEL', KEYS[3]) end
return was
