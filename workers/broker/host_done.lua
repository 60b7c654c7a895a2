-- Give turns back.  KEYS: turns taken, per turn.  ARGV: their tokens.
for i = 1, #KEYS do redis.call('ZREM', KEYS[i], ARGV[i]) end
return #KEYS
