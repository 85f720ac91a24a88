/** The programs that run inside Redis. Each is one atomic step. */

/** Milliseconds for which an id is remembered. */
const IDEMPOTENCY = 300_000;
/** Milliseconds by which the numbering of a topic outlives its history: a day. */
const AFTERLIFE = 86_400_000;
/** Milliseconds by which the life of a log is extended at least. */
const EXTENSION = 60_000;

/**
 * ARGV 1: the id of the engine, 3: the life of history. `open` reads the numbering of a topic. It
 * begins a new epoch where there is none, and where the engine is not the one that wrote the last.
 * A caller may know an id that has passed, as after the first replica was added: the server is
 * asked before an epoch ends, so that callers with different ids do not take turns in it.
 */
const OPEN = `
local call = redis.call
local time = call('TIME')
local now, ttl = time[1] * 1000 + math.floor(time[2] / 1000), tonumber(ARGV[3])
local function whole(number) return string.format('%.0f', number) end
local engine = ARGV[1]
local function ask()
  if engine == ARGV[1] and engine ~= 'trusted' then
    local info = call('INFO', 'server') .. call('INFO', 'replication')
    engine = string.match(info, 'run_id:(%x+)') .. ':' .. string.match(info, 'master_replid:(%x+)')
  end
  return engine
end
local function open(meta, log, fresh)
  local found = call('HMGET', meta, 'epoch', 'head', 'engine', 'bytes', 'until')
  local topic = {
    meta = meta, log = log, epoch = found[1],
    head = tonumber(found[2]), total = tonumber(found[4]), till = tonumber(found[5])
  }
  if topic.epoch and topic.head and topic.total and topic.till then
    if found[3] == ARGV[1] or found[3] == ask() then return topic end
  end
  -- Keys of other programs are never deleted: XLEN refuses anything but a stream, GET any hash.
  call('XLEN', log)
  if not topic.epoch then call('GET', meta) end
  topic.epoch, topic.head, topic.total, topic.till = fresh, 0, 0, now - 1
  call('DEL', log, meta)
  call('HSET', meta, 'epoch', fresh, 'head', 0, 'engine', ask(), 'bytes', 0, 'until', whole(topic.till))
  call('PEXPIRE', meta, ${AFTERLIFE})
  return topic
end
`;

/**
 * ARGV 4: the cap by count, 5: by bytes. `append` appends to a topic that is open and gives the
 * position as `EPOCH OFFSET`; it raises an error where nothing was appended. `save` writes the
 * numbering of a topic after its last append. `textOf` makes a text of an error.
 */
const WRITE = `${OPEN}
local cap, at = tonumber(ARGV[5]), whole(now)
local function trim(topic, bytes)
  if topic.head % 16 ~= 0 and bytes * 16 <= cap then return end
  local from, count, upto = '-', 1, nil
  repeat
    local more = false
    for _, stored in ipairs(call('XRANGE', topic.log, from, '+', 'COUNT', count)) do
      local written, before = tonumber(stored[2][4]), tonumber(stored[2][6])
      if written and before and written >= now - ttl and topic.total - before <= cap then
        more = false
        break
      end
      upto, more = stored[1], true
      from, count = '(' .. upto, 32
    end
  until not more
  if upto then
    call('XTRIM', topic.log, 'MINID', '=', whole(tonumber(string.match(upto, '^%d+')) + 1))
  end
end
local function append(topic, id, notification, bytes, channel)
  local text = whole(topic.head + 1)
  local position = topic.epoch .. ' ' .. text
  if id and not call('SET', id, position, 'PX', ${IDEMPOTENCY}, 'NX') then
    local known = call('GET', id)
    local space = string.find(known, ' ', 1, true) or 0
    if string.sub(known, 1, space - 1) == topic.epoch then return known end
    call('SET', id, position, 'PX', ${IDEMPOTENCY})
  end
  local added = redis.pcall('XADD', topic.log, 'MAXLEN', '~', ARGV[4], text .. '-0',
    'n', notification, 'at', at, 'bytes', whole(topic.total))
  if type(added) == 'table' and added.err then
    if id then call('DEL', id) end
    error(added, 0)
  end
  topic.text, topic.head, topic.total = text, topic.head + 1, topic.total + bytes
  trim(topic, bytes)
  call('PUBLISH', channel, position .. ' ' .. notification)
  return position
end
local function save(topic)
  if not topic.text then return end
  if now + ttl <= topic.till then
    return call('HSET', topic.meta, 'head', topic.text, 'bytes', whole(topic.total))
  end
  -- Extended by more than is needed, so that most appends need not.
  local life = ttl * 2 + ${EXTENSION}
  call('PEXPIRE', topic.log, whole(life))
  call('PEXPIRE', topic.meta, whole(life + ${AFTERLIFE}))
  call('HSET', topic.meta, 'head', topic.text, 'bytes', whole(topic.total), 'until', whole(now + life))
end
local function textOf(failure)
  return type(failure) == 'table' and failure.err or 'ERR ' .. tostring(failure)
end
`;

/**
 * The Lua that appends one notification, for programs in other languages: see
 * docs/backplanes/redis.md. KEYS: meta, log, and the id, if there is one. ARGV 2: a fresh epoch,
 * 6: the notification, 7: the bytes that it counts, 8: the channel. Gives the epoch and the offset.
 */
export const APPEND: string = `${WRITE}
local topic = open(KEYS[1], KEYS[2], ARGV[2])
local done, position = pcall(append, topic, KEYS[3], ARGV[6], tonumber(ARGV[7]), ARGV[8])
save(topic)
if not done then return redis.error_reply(textOf(position)) end
local space = string.find(position, ' ', 1, true)
return {string.sub(position, 1, space - 1), string.sub(position, space + 1)}
`;

/**
 * Appends any number of notifications to any number of topics, in their order. KEYS: meta and log
 * of each topic, and the ids. ARGV 2: the start of fresh epochs, 6: the number of topics, then the
 * channel of each, then for each notification its topic, the place of its id in KEYS or 0, its
 * text, and the bytes that it counts. Gives for each `EPOCH OFFSET`, or a space and the error: one
 * that fails does not stop the others. The numbering of a topic is read and written once.
 */
export const BATCH: string = `${WRITE}
local count, topics, positions = tonumber(ARGV[6]), {}, {}
local function one(n)
  local number = tonumber(ARGV[n])
  local topic = topics[number]
  if not topic then
    topic = open(KEYS[number * 2 - 1], KEYS[number * 2], ARGV[2] .. '.' .. number)
    topics[number] = topic
  end
  return append(topic, KEYS[tonumber(ARGV[n + 1])], ARGV[n + 2], tonumber(ARGV[n + 3]), ARGV[6 + number])
end
for n = count + 7, #ARGV, 4 do
  local done, position = pcall(one, n)
  positions[#positions + 1] = done and position or ' ' .. textOf(position)
end
for _, topic in pairs(topics) do save(topic) end
return positions
`;

/**
 * KEYS: meta, log. ARGV 2: a fresh epoch, 4: `head`, `after` or `page`; 5 and 6: the epoch and the
 * offset of the position, 7: the limit, 8: the cap by count, above which the log keeps a few. Gives
 * the epoch, the head, an empty text or the reason of a refusal, and the entries, oldest first, as
 * an id and its notification after one another.
 */
export const READ: string = `${OPEN}
local topic = open(KEYS[1], KEYS[2], ARGV[2])
local epoch, head, till = topic.epoch, topic.head, topic.till
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
