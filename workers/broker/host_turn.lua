-- Take turns at hosts, or learn how long to wait.
-- KEYS: per asker turns taken, gate, line of feeds (when each comes back), their places (in the order
-- in which they came).  ARGV: longest time ahead (ms), then per asker token, spacing (ms), at once,
-- hold (ms), feed ('' for a page).
-- Returns per asker 0 (go) or milliseconds. Those who wait get times one after the other.
-- A feed keeps its place by its name until its turn: who comes back too early is told a time by those
-- before it, else whoever asked at the right moment would go, and some would wait for ever. The line
-- goes before pages, but where both wait, every fourth turn is a page's.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local latest = now + tonumber(ARGV[1])
local LEAST_STEP, LEAST_PACE, LONGEST_LINE, LONGEST_HOLD = 200, 20, 60, 3600000
local LATE, LONG_LATE, FEEDS_MOST, LINE_MS, IN_A_ROW = 3000, 600000, 2000, 7200000, 3

-- Anybody may have written there: what is no number, or beyond all that we write, is 0.
local function number(text)
  local value = tonumber(text or 0) or 0
  return value >= 0 and value <= latest and value or 0
end

local function ask(turns, gate, line, places, token, spacing, at_once, hold, feed)
  redis.call('ZREMRANGEBYSCORE', turns, '-inf', now)
  redis.call('ZREMRANGEBYSCORE', turns, '(' .. (now + hold + LONGEST_HOLD), '+inf')
  local state = redis.call('HMGET', gate, 'next', 'rest', 'tail', 'row')
  local next, rest, tail, row = number(state[1]), number(state[2]), number(state[3]), number(state[4])
  local open = math.max(next, rest, now)
  local full = redis.call('ZCARD', turns) >= at_once
  local step = math.max(spacing, LEAST_STEP)

  -- Where nobody waits, as mostly, there is no line to look into.
  local lined = feed ~= '' and redis.call('EXISTS', line, places) > 0

  local function remember(at, ...)
    redis.call('HSET', gate, ...)
    local left = math.max(at, rest, next) - now + 1000
    if redis.call('PTTL', gate) < left then redis.call('PEXPIRE', gate, left) end
  end

  local function go()
    redis.call('ZADD', turns, now + hold, token)
    if redis.call('PTTL', turns) < hold then redis.call('PEXPIRE', turns, hold) end
    remember(now + spacing, 'next', now + spacing, 'row', feed == '' and 0 or row + 1)
    if lined then
      redis.call('ZREM', line, feed)
      redis.call('ZREM', places, feed)
    end
    return 0
  end

  local function first_slot(from)
    local found = redis.call('ZRANGEBYSCORE', line, from, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    return found[2] and tonumber(found[2])
  end

  -- Who did not come back for long is gone: a feed that was removed, or disabled.
  local function forget(from, to)
    local gone = redis.call('ZRANGEBYSCORE', line, from, to, 'LIMIT', 0, 100)
    if #gone > 0 then
      redis.call('ZREM', line, unpack(gone))
      redis.call('ZREM', places, unpack(gone))
    end
  end

  -- How many go before a feed, but for those that are late: they may never come.
  local function before(of)
    local place = redis.call('ZRANK', places, of) or 0
    return math.max(0, place - redis.call('ZCOUNT', line, '-inf', '(' .. (now - LATE)))
  end

  local function wait(slot)
    slot = math.max(now + 1, math.floor(slot))
    local known = redis.call('ZSCORE', line, feed)
    if known or redis.call('ZCARD', line) < FEEDS_MOST then
      redis.call('ZADD', line, slot, feed)
      if not redis.call('ZSCORE', places, feed) then
        local last = redis.call('ZRANGE', places, -1, -1, 'WITHSCORES')
        redis.call('ZADD', places, math.max(now, (tonumber(last[2] or 0) or 0) + 1), feed)
      end
    end
    local left = slot - now + LONG_LATE
    for _, key in ipairs({line, places}) do
      if redis.call('PTTL', key) < left then redis.call('PEXPIRE', key, left) end
    end
    return slot - now
  end

  if feed ~= '' and not lined and open == now and not full then return go() end
  if feed ~= '' then
    forget('-inf', now - LONG_LATE)
    forget('(' .. (LINE_MS + latest), '+inf')
    if redis.call('ZCARD', places) > FEEDS_MOST then redis.call('DEL', places) end
    local mine = tonumber(redis.call('ZSCORE', line, feed) or nil)
    local first = first_slot(now - LATE)
    local turn = not first or first - now >= spacing or (mine and mine <= math.max(now, first))
    if open == now and not full and turn then return go() end
    if mine and mine > now then return wait(math.max(mine, open)) end
    local begin = full and math.max(open, now + step) or open
    if not mine then
      local line_ms = redis.call('ZCARD', line) * (step + math.min(500, step / 10))
      return wait(begin + math.min(line_ms, LINE_MS))
    end
    local ahead_ms = before(feed) * math.max(spacing, LEAST_PACE)
    return wait(math.max(begin, now + LEAST_STEP) + math.min(ahead_ms, LINE_MS))
  end

  local first = row < IN_A_ROW and first_slot(now - LATE)
  if first and first < open + spacing then open = math.max(open, math.max(first, now) + step) end
  if open == now and not full then return go() end
  local begin = full and math.max(open, now + step) or open
  local slot = math.max(begin, tail + step)
  -- A line that got absurdly long starts again: its callers come back and are told anew.
  if slot > begin + LONGEST_LINE * step then slot = begin end
  remember(slot, 'tail', slot)
  return math.max(1, math.floor(slot - now))
end

local out = {}
for i = 0, #KEYS / 4 - 1 do
  local k, a = 4 * i, 1 + 5 * i
  out[i + 1] = ask(
    KEYS[k + 1], KEYS[k + 2], KEYS[k + 3], KEYS[k + 4], ARGV[a + 1],
    tonumber(ARGV[a + 2]), tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4]), ARGV[a + 5])
end
return out
