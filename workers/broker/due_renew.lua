-- Renew leases of slow polls, each behind the same fence.
-- KEYS: due-queue.  ARGV: per feed its name, deadline (ms), lease (ms).
-- Returns per feed the new deadline, 0 if the lease is lost.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local out = {}
for i = 1, #ARGV, 3 do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if score and tonumber(score) == tonumber(ARGV[i + 1]) then
    local deadline = now + tonumber(ARGV[i + 2])
    if deadline % 2 == 0 then deadline = deadline + 1 end
    redis.call('ZADD', KEYS[1], deadline, ARGV[i])
    out[#out + 1] = deadline
  else
    out[#out + 1] = 0
  end
end
return out
