-- Hand entries to nobody, as old as can be: the next reader that looks for expired leases has them.
-- KEYS: stream.  ARGV: group, consumer, nobody's name, entries.
-- XCLAIM and no new XADD, because this must work while the memory is full, and keeps the order.
local stream, group, me = KEYS[1], ARGV[1], ARGV[2]
local wanted, mine = {}, {}
for i = 4, #ARGV do wanted[ARGV[i]] = true end
for _, item in ipairs(redis.call('XPENDING', stream, group, '-', '+', 5000, me)) do
  if wanted[item[1]] then mine[#mine + 1] = item[1] end
end
if #mine == 0 then return 0 end
local held = #mine
for _, word in ipairs({'TIME', '1', 'JUSTID'}) do mine[#mine + 1] = word end
redis.call('XCLAIM', stream, group, ARGV[3], 0, unpack(mine))
return held
