-- Renew leases that are still the consumer's own, and say that it lives.
-- KEYS: stream, the consumer's beat.  ARGV: group, consumer, a beat's time to live (ms), entries.
-- Returns the entries that were renewed.
local stream, group, me = KEYS[1], ARGV[1], ARGV[2]
redis.call('PEXPIRE', KEYS[2], ARGV[3])
local wanted, mine = {}, {}
for i = 4, #ARGV do wanted[ARGV[i]] = true end
for _, item in ipairs(redis.call('XPENDING', stream, group, '-', '+', 5000, me)) do
  if wanted[item[1]] then mine[#mine + 1] = item[1] end
end
if #mine == 0 then return mine end
mine[#mine + 1] = 'JUSTID'
return redis.call('XCLAIM', stream, group, me, 0, unpack(mine))
