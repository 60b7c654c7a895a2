-- Leave in good order: what is still held makes nobody guilty.
-- KEYS: the beat, the list of beats, the goodbye.  ARGV: consumer, how long it is remembered (ms).
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('SET', KEYS[3], '1', 'PX', ARGV[2])
return 1
