/** The two programs that run inside Redis. Each is one atomic step. */

/** Milliseconds for which an id is remembered. */
const IDEMPOTENCY = 300_000;
/** Milliseconds by which the numbering of a topic outlives its history: a day. */
const AFTERLIFE = 86_400_000;
/** Milliseconds by which the life of a log is extended at least. */
const EXTENSION = 60_000;

/**
 * KEYS: meta, log. ARGV 1: the id of the engine, 2: a fresh epoch, 3: the life of history.
 * Begins a new epoch where there is none, and where the engine is not the one that wrote the last.
 */
const OPEN = `
local call = redis.call
local meta = call('HMGET', KEYS[1], 'epoch', 'head', 'engine', 'bytes', 'until')
local epoch, head, total, till = meta[1], tonumber(meta[2]), tonumber(meta[4]), tonumber(meta[5])
local time = call('TIME')
local now, ttl = time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[3])
local function whole(number) return string.format('%.0f', number) end
if not (epoch and head and total and till and meta[3] == ARGV[1]) then
  -- Keys of other programs are never deleted: XLEN refuses anything but a stream.
  call('XLEN', KEYS[2])
  if not epoch and call('EXISTS', KEYS[1]) == 1 then
    return redis.error_reply('WRONGTYPE The hash is of another program')
  end
  epoch, head, total, till = ARGV[2], 0, 0, now - 1
  call('DEL', KEYS[2], KEYS[1])
  call('HSET', KEYS[1], 'epoch', epoch, 'head', 0, 'engine', ARGV[1], 'bytes', 0, 'until', whole(till))
  call('PEXPIRE', KEYS[1], ${AFTERLIFE})
end
`;

/**
 * The Lua that appends, also for programs in other languages: see docs/backplanes/redis.md.
 * KEYS 3: the id, if there is one. ARGV 4: the cap by count, 5: by bytes, 6: the notification,
 * 7: the bytes that it counts, 8: the channel. Gives the epoch and the offset.
 */
export const APPEND: string = `${OPEN}
local text = whole(head + 1)
local position = epoch .. ' ' .. text
if KEYS[3] and not call('SET', KEYS[3], position, 'PX', ${IDEMPOTENCY}, 'NX') then
  local known = call('GET', KEYS[3])
  local at = string.find(known, ' ', 1, true) or 0
  if string.sub(known, 1, at - 1) == epoch then return {epoch, string.sub(known, at + 1)} end
  call('SET', KEYS[3], position, 'PX', ${IDEMPOTENCY})
end
local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', ARGV[4], text .. '-0',
  'n', ARGV[6], 'at', whole(now), 'bytes', whole(total))
if type(added) == 'table' and added.err then
  if KEYS[3] then call('DEL', KEYS[3]) end
  return added
end
local cap, bytes = tonumber(ARGV[5]), tonumber(ARGV[7])
total = total + bytes
if (head + 1) % 16 == 0 or bytes * 16 > cap then
  local from, count, upto = '-', 1, nil
  repeat
    local more = false
    for _, stored in ipairs(call('XRANGE', KEYS[2], from, '+', 'COUNT', count)) do
      local fields = stored[2]
      if fields[6] and tonumber(fields[4]) >= now - ttl and total - tonumber(fields[6]) <= cap then
        more = false
        break
      end
      upto, more = stored[1], true
      from, count = '(' .. upto, 32
    end
  until not more
  if upto then
    call('XTRIM', KEYS[2], 'MINID', '=', whole(tonumber(string.match(upto, '^%d+')) + 1))
  end
end
if now + ttl > till then
  -- Extended by more than is needed, so that most appends need not.
  local life = ttl * 2 + ${EXTENSION}
  till = now + life
  call('PEXPIRE', KEYS[2], whole(life))
  call('PEXPIRE', KEYS[1], whole(life + ${AFTERLIFE}))
  call('HSET', KEYS[1], 'head', text, 'bytes', whole(total), 'until', whole(till))
else
  call('HSET', KEYS[1], 'head', text, 'bytes', whole(total))
end
call('PUBLISH', ARGV[8], position .. ' ' .. ARGV[6])
return {epoch, text}
`;

/**
 * ARGV 4: `head`, `after` or `page`; 5 and 6: the epoch and the offset of the position, 7: the
 * limit, 8: the cap by count, above which the log keeps a few. Gives the epoch, the head, an empty
 * text or the reason of a refusal, and the entries, oldest first, as an id and its notification
 * after one another.
 */
export const READ: string = `${OPEN}
if now > till + ${AFTERLIFE / 2} then
  -- A topic that is only read keeps its numbering, too. The log has expired.
  call('HSET', KEYS[1], 'until', whole(now - 1))
  call('PEXPIRE', KEYS[1], ${AFTERLIFE})
end
local found = {epoch, whole(head), ''}
local mode, offset, limit = ARGV[4], tonumber(ARGV[6]), tonumber(ARGV[7])
if mode == 'head' then return found end
local function refused(reason)
  found[3] = reason
  return found
end
-- The position right above the head is a valid end of a page.
if ARGV[5] ~= epoch or offset > head + (mode == 'page' and 1 or 0) then
  if mode == 'after' or ARGV[5] ~= '' then return refused('epoch') end
  offset = head + 1
end
local lowest, highest = offset + 1, head
if mode == 'page' then
  highest = math.min(offset - 1, head)
  lowest = math.max(1, highest - limit + 1)
end
if highest < lowest then return found end
local oldest, lowestKept = now - ttl, head - tonumber(ARGV[8])
lowest = mode == 'page' and math.max(lowest, lowestKept + 1) or lowest
if highest < lowest then return found end
local function kept(stored)
  return stored and string.sub(stored[1], -2) == '-0' and stored[2][6] and tonumber(stored[2][4]) >= oldest
end
if mode == 'after' then
  if lowest <= lowestKept or not kept(call('XRANGE', KEYS[2], whole(lowest), whole(lowest), 'COUNT', 1)[1]) then
    return refused('evicted')
  end
  if highest - lowest >= limit then return refused('limit') end
end
local expected = highest
local entries = {}
for _, entry in ipairs(call('XREVRANGE', KEYS[2], whole(highest), whole(lowest))) do
  if string.sub(entry[1], -2) == '-0' then
    -- Entries that a clock set back has made look old are kept with those above them.
    if entry[1] ~= whole(expected) .. '-0' or (mode == 'page' and not kept(entry)) then break end
    entries[#entries + 1] = entry
    expected = expected - 1
  end
end
if mode == 'after' and expected >= lowest then return refused('evicted') end
for n = #entries, 1, -1 do
  found[#found + 1] = entries[n][1]
  found[#found + 1] = entries[n][2][2]
end
return found
`;
