-- Tell how a feed stands in the due-queue and its host with us; changes nothing.
-- KEYS: due-queue, turns taken at the host, the host's gate.
-- ARGV: feed, longest lease (ms), longest rest (ms).
-- Returns {1 if it is queued, ms until it is due (or its lease ends), 1 if it is being polled,
-- 1 if it waits for its host, ms until the host may be asked, turns that are taken}.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local latest = now + tonumber(ARGV[3])
local score = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or nil)
local gate = redis.call('HMGET', KEYS[3], 'next', 'rest')
local open = now
for i = 1, 2 do
  local at = tonumber(gate[i] or 0) or 0
  if at > open and at <= latest then open = at end
end
local turns = #redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. now, '+inf')
if not score then return {0, 0, 0, 0, open - now, turns} end
local leased = score % 2 == 1 and score > now and score <= now + tonumber(ARGV[2])
local left = math.max(-2 ^ 52, math.min(score - now, 2 ^ 52))
return {1, left, leased and 1 or 0, score % 4 == 2 and 1 or 0, open - now, turns}
