-- Take turns at hosts, or learn how long to wait.
-- KEYS: per asker turns taken, gate, line of feeds.  ARGV: longest time ahead (ms), then per asker
-- token, spacing (ms), at once, hold (ms), feed ('' for a page).
-- Returns per asker 0 (go) or milliseconds. Those who wait get times one after the other.
-- A feed keeps its place in the line by its name; the line goes before pages, but where both wait,
-- every fourth turn is a page's.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local latest = now + tonumber(ARGV[1])
local LEAST_STEP, LONGEST_LINE, LONGEST_HOLD = 200, 60, 3600000
local LATE, LONG_LATE, FEEDS_MOST, LINE_MS, IN_A_ROW = 3000, 600000, 2000, 7200000, 3

-- Anybody may have written there: what is no number, or beyond all that we write, is 0.
local function number(text)
  local value = tonumber(text or 0) or 0
  return value >= 0 and value <= latest and value or 0
end

local function ask(turns, gate, line, token, spacing, at_once, hold, feed)
  redis.call('ZREMRANGEBYSCORE', turns, '-inf', now)
  redis.call('ZREMRANGEBYSCORE', turns, '(' .. (now + hold + LONGEST_HOLD), '+inf')
  local state = redis.call('HMGET', gate, 'next', 'rest', 'tail', 'row')
  local next, rest, tail, row = number(state[1]), number(state[2]), number(state[3]), number(state[4])
  local open = math.max(next, rest, now)
  local full = redis.call('ZCARD', turns) >= at_once
  local step = math.max(spacing, LEAST_STEP)

  local function remember(field, at, value)
    redis.call('HSET', gate, field, value or at)
    local left = math.max(at, rest, next) - now + 1000
    if redis.call('PTTL', gate) < left then redis.call('PEXPIRE', gate, left) end
  end

  local function go()
    redis.call('ZADD', turns, now + hold, token)
    if redis.call('PTTL', turns) < hold then redis.call('PEXPIRE', turns, hold) end
    remember('next', now + spacing)
    local waits = feed == '' and 0 or row + 1
    if waits ~= row then remember('row', now + spacing, waits) end
    if feed ~= '' then redis.call('ZREM', line, feed) end
    return 0
  end

  local function first_slot(from)
    local found = redis.call('ZRANGEBYSCORE', line, from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    return found[2] and tonumber(found[2])
  end

  if feed ~= '' then
    redis.call('ZREMRANGEBYSCORE', line, '-inf', now - LONG_LATE)
    redis.call('ZREMRANGEBYSCORE', line, '(' .. (now + LINE_MS + latest - now), '+inf')
    local mine = tonumber(redis.call('ZSCORE', line, feed) or nil)
    local first = first_slot(now - LATE)
    local turn = not first or first - now >= spacing or (mine and mine <= math.max(now, first))
    if open == now and not full and turn then return go() end
    local slot
    if mine and mine > now then
      slot = math.max(mine, open)
    elseif mine then
      slot = full and math.max(open, now + step) or math.max(open, now + LEAST_STEP)
    else
      local last = redis.call('ZRANGE', line, -1, -1, 'WITHSCORES')
      local after = last[2] and tonumber(last[2]) + step + math.min(500, step / 10) or 0
      slot = math.max(full and math.max(open, now + step) or open, math.min(after, now + LINE_MS))
    end
    slot = math.max(now + 1, math.floor(slot))
    if mine or redis.call('ZCARD', line) < FEEDS_MOST then redis.call('ZADD', line, slot, feed) end
    local left = slot - now + LONG_LATE
    if redis.call('PTTL', line) < left then redis.call('PEXPIRE', line, left) end
    return slot - now
  end

  local first = row < IN_A_ROW and first_slot(now - LATE)
  if first and first < open + spacing then open = math.max(open, math.max(first, now) + step) end
  if open == now and not full then return go() end
  local begin = full and math.max(open, now + step) or open
  local slot = math.max(begin, tail + step)
  -- A line that got absurdly long starts again: its callers come back and are told anew.
  if slot > begin + LONGEST_LINE * step then slot = begin end
  remember('tail', slot)
  return math.max(1, math.floor(slot - now))
end

local out = {}
for i = 0, #KEYS / 3 - 1 do
  local a = 1 + 5 * i
  out[i + 1] = ask(
    KEYS[3 * i + 1], KEYS[3 * i + 2], KEYS[3 * i + 3], ARGV[a + 1],
    tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4]), ARGV[a + 5])
end
return out
