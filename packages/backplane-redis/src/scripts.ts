/** The two programs that run inside Redis. Each is one atomic step. */

/** Milliseconds for which an id is remembered. */
const IDEMPOTENCY = 300_000;
/** Milliseconds by which the numbering of a topic outlives its history: a day. */
const AFTERLIFE = 86_400_000;

/**
 * KEYS: meta, log. ARGV 1: the id of the engine, 2: a fresh epoch, 3: the life of history.
 * Begins a new epoch where there is none, and where the engine is not the one that wrote the last.
 */
const OPEN = `
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'head', 'engine', 'bytes')
local epoch, head, total = meta[1], tonumber(meta[2]), tonumber(meta[4])
local ttl = tonumber(ARGV[3])
local life = string.format('%.0f', ttl + ${AFTERLIFE})
if not epoch or not head or not total or meta[3] ~= ARGV[1] then
  epoch, head, total = ARGV[2], 0, 0
  redis.call('DEL', KEYS[2], KEYS[1])
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'head', 0, 'engine', ARGV[1], 'bytes', 0)
  redis.call('PEXPIRE', KEYS[1], life)
end
local function now()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
`;

/**
 * KEYS 3: the id, if there is one. ARGV 4: the cap by count, 5: by bytes, 6: the notification,
 * 7: the bytes that it counts, 8: the channel. Gives the epoch and the offset.
 */
export const APPEND: string = `${OPEN}
if KEYS[3] then
  local known = redis.call('GET', KEYS[3])
  if known then
    local at = string.find(known, ' ', 1, true)
    if string.sub(known, 1, at - 1) == epoch then return {epoch, string.sub(known, at + 1)} end
  end
end
local text = string.format('%.0f', head + 1)
local moment = now()
local size, cap, bytes = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[7])
redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[4], text .. '-0',
  'n', ARGV[6], 'at', string.format('%.0f', moment), 'bytes', string.format('%.0f', total))
total = total + bytes
if (head + 1) % 16 == 0 or bytes * 16 > cap then
  local upto
  local from = '-'
  repeat
    local more = false
    for _, stored in ipairs(redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', 32)) do
      local fields = stored[2]
      if fields[6] and tonumber(fields[4]) >= moment - ttl and total - tonumber(fields[6]) <= cap then break end
      upto = stored[1]
      more = true
      from = '(' .. upto
    end
  until not more
  if upto then
    local keep = tonumber(string.match(upto, '^%d+')) + 1
    redis.call('XTRIM', KEYS[2], 'MINID', '=', string.format('%.0f', keep))
  end
end
redis.call('HSET', KEYS[1], 'head', text, 'bytes', string.format('%.0f', total))
redis.call('PEXPIRE', KEYS[1], life)
redis.call('PEXPIRE', KEYS[2], ttl > 0 and ARGV[3] or 1)
if KEYS[3] then redis.call('SET', KEYS[3], epoch .. ' ' .. text, 'PX', ${IDEMPOTENCY}) end
redis.call('PUBLISH', ARGV[8], epoch .. ' ' .. text .. ' ' .. ARGV[6])
return {epoch, text}
`;

/**
 * ARGV 4: `head`, `after` or `page`; 5 and 6: the epoch and the offset of the position, 7: the
 * limit. Gives the epoch, the head, an empty text or the reason of a refusal, and the entries,
 * oldest first, as an id and its notification after one another.
 */
export const READ: string = `${OPEN}
if redis.call('PTTL', KEYS[1]) < ${AFTERLIFE / 2} then redis.call('PEXPIRE', KEYS[1], life) end
local found = {epoch, string.format('%.0f', head), ''}
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
local function id(number) return string.format('%.0f', number) end
local oldest = now() - ttl
local function kept(stored)
  return stored and string.sub(stored[1], -2) == '-0' and stored[2][6] and tonumber(stored[2][4]) >= oldest
end
if mode == 'after' then
  if not kept(redis.call('XRANGE', KEYS[2], id(lowest), id(lowest), 'COUNT', 1)[1]) then
    return refused('evicted')
  end
  if highest - lowest >= limit then return refused('limit') end
end
local stored = redis.call('XREVRANGE', KEYS[2], id(highest), id(lowest))
local expected = highest
local entries = {}
for _, entry in ipairs(stored) do
  if string.sub(entry[1], -2) == '-0' then
    -- Entries that a clock set back has made look old are kept with those above them.
    if entry[1] ~= id(expected) .. '-0' or (mode == 'page' and not kept(entry)) then break end
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
