/** The functions that open a topic and append to it. */
import type { Names } from "../names.ts";

export function append({ of, channel }: Names): string {
  return `
-- Milliseconds since 1970.
create function ${of("now")}() returns bigint language sql volatile as $f$
  select (extract(epoch from clock_timestamp()) * 1000)::bigint
$f$;

-- Names the history of this server: after a failover, or a restored backup, it has another name.
create function ${of("lineage")}() returns text language plpgsql stable as $f$
begin
  if (select trusted or not traced from ${of("layout")}) then return 'one'; end if;
  -- A replica cannot append anyway.
  if pg_is_in_recovery() then return 'replica'; end if;
  return left(pg_walfile_name(pg_current_wal_insert_lsn()), 8);
end $f$;

-- Locks the row of a topic. Makes it at the first use; begins a new epoch where the database may
-- have lost entries since.
create function ${of("open")}(of_topic text) returns ${of("topics")} language plpgsql as $f$
declare
  found_row ${of("topics")};
  current_lineage text := ${of("lineage")}();
  uuid text;
begin
  loop
    select * into found_row from ${of("topics")} where topic = of_topic for no key update;
    if found and found_row.lineage = current_lineage then return found_row; end if;
    -- 64 random bits name the new numbering.
    uuid := replace(gen_random_uuid()::text, '-', '');
    uuid := left(uuid, 12) || right(uuid, 4);
    if found then
      update ${of("topics")}
        set no = default, epoch = uuid, head = 0, total = 0, lineage = current_lineage, changed = ${of("now")}()
        where topic = of_topic returning * into found_row;
      return found_row;
    end if;
    -- Hubs talk to each other on topics that begin with a dollar sign.
    if of_topic !~ '^[$]?[A-Za-z0-9_=@,.;-]{1,164}$' or of_topic ~ '^(pusher|__)' then
      raise exception 'bellwire: the topic must be 1 to 164 of A-Z a-z 0-9 _ - = @ , . ;'
        using errcode = 'invalid_parameter_value';
    end if;
    insert into ${of("topics")} (topic, epoch, lineage, changed)
      values (of_topic, uuid, current_lineage, ${of("now")}())
      on conflict (topic) do nothing;
  end loop;
end $f$;

-- Opens each topic of a JSON array, in one order for all callers, so that they cannot deadlock.
create function ${of("open_all")}(of_topics json) returns void language plpgsql as $f$
declare
  each_topic text;
begin
  for each_topic in
    select distinct value collate "C" from json_array_elements_text(of_topics) order by 1
  loop
    perform ${of("open")}(each_topic);
  end loop;
end $f$;

-- Appends the entries of a JSON array in their order and gives the position of each. An id that
-- its publisher has used in the last 5 minutes gives the position of its first append.
create function ${of("append")}(to_topic text, batch json)
returns table (n int, epoch text, "offset" bigint, fresh boolean) language plpgsql as $f$
#variable_conflict use_column
declare
  opened ${of("topics")};
  entry json;
  key_publisher text;
  key_id text;
  known bigint;
  moment bigint;
  head_now bigint;
  total_now bigint;
begin
  -- A position is given out only for what a crash of the server cannot lose.
  if current_setting('synchronous_commit') = 'off' then
    perform set_config('synchronous_commit', 'on', true);
  end if;
  opened := ${of("open")}(to_topic);
  moment := ${of("now")}();
  head_now := opened.head;
  total_now := opened.total;
  n := 0;
  for entry in select value from json_array_elements(batch) loop
    key_id := entry->>'id';
    key_publisher := coalesce(entry->>'publisher', '');
    known := null;
    if key_id is not null then
      select i."offset" into known from ${of("ids")} i
        where i.no = opened.no and i.publisher = key_publisher and i.id = key_id and i.at >= moment - 300000;
    end if;
    if known is null then
      head_now := head_now + 1;
      insert into ${of("entries")} (no, "offset", id, event, data, "time", exclude, at, before)
        values (opened.no, head_now, key_id, entry->>'event', entry->>'json',
                coalesce((entry->>'time')::bigint, moment), entry->>'exclude', moment, total_now);
      total_now := total_now + octet_length(entry->>'json') + 64;
      if key_id is not null then
        insert into ${of("ids")} as i (no, publisher, id, "offset", at)
          values (opened.no, key_publisher, key_id, head_now, moment)
          on conflict (no, publisher, id) do update set "offset" = excluded."offset", at = excluded.at;
      end if;
    end if;
    epoch := opened.epoch;
    "offset" := coalesce(known, head_now);
    fresh := known is null;
    return next;
    n := n + 1;
  end loop;
  if head_now > opened.head then
    update ${of("topics")} t set head = head_now, total = total_now, changed = moment where t.topic = to_topic;
  end if;
end $f$;

-- The appends of a hub: batches of { topic, entries }. A topic that another transaction holds is
-- left out of the answer, unless it is the only one and patient. Waits for ms at most.
create function ${of("append_all")}(batches json, patient boolean, ms int)
returns table (batch int, n int, epoch text, "offset" bigint, fresh boolean) language plpgsql as $f$
#variable_conflict use_column
declare
  one record;
begin
  perform set_config('lock_timeout', ms::text, true);
  -- In one order for all hubs, so that they cannot deadlock.
  for one in
    select (b.at - 1)::int as at, b.value->>'topic' as topic, b.value->'entries' as entries
    from json_array_elements(batches) with ordinality b(value, at) order by 2
  loop
    if not patient then
      perform from ${of("topics")} t where t.topic = one.topic for no key update skip locked;
      if not found and exists (select from ${of("topics")} t where t.topic = one.topic) then continue; end if;
    end if;
    return query select one.at, a.n, a.epoch, a."offset", a.fresh from ${of("append")}(one.topic, one.entries) a;
  end loop;
end $f$;

-- Publishes inside the caller's transaction: for triggers, and for programs in any language. Gives
-- the position.
create function ${of("publish")}(topic text, event text, data json, id text default null)
returns table (epoch text, "offset" bigint) language plpgsql as $f$
begin
  if topic is null or event is null or data is null then
    raise exception 'bellwire: topic, event and data must not be null' using errcode = 'null_value_not_allowed';
  end if;
  if topic ~ '^[$]' then
    raise exception 'bellwire: the topic must be 1 to 164 of A-Z a-z 0-9 _ - = @ , . ;'
      using errcode = 'invalid_parameter_value';
  end if;
  if length(event) > 200 or event !~ '^[^[:cntrl:]]+$' or event <> btrim(event) or event = '*'
     or event ~ '^(pusher:|pusher_internal:|bellwire:|bellwire-|__)' then
    raise exception 'bellwire: the event must be 1 to 200 printable characters and no reserved name'
      using errcode = 'invalid_parameter_value';
  end if;
  if id !~ '^[\\x21-\\x7e]{1,64}$' then
    raise exception 'bellwire: the id must be 1 to 64 printable ASCII characters'
      using errcode = 'invalid_parameter_value';
  end if;
  if octet_length(data::text) > 1048576 then
    raise exception 'bellwire: the data must be at most 1048576 bytes' using errcode = 'program_limit_exceeded';
  end if;
  return query select a.epoch, a."offset" from ${of("append")}(topic, json_build_array(json_build_object(
    'event', event, 'json', data::text, 'id', id))) a;
  -- No data, only the topic; PostgreSQL sends it once for each transaction, when it has committed.
  perform pg_notify('${channel}', 'hint - ' || topic);
end $f$;

-- The position of a topic inside the caller's transaction.
create function ${of("position")}(of_topic text)
returns table (epoch text, "offset" bigint) language plpgsql as $f$
#variable_conflict use_column
begin
  return query select t.epoch, t.head from ${of("topics")} t
    where t.topic = of_topic and t.lineage = ${of("lineage")}();
  if not found then
    return query select o.epoch, o.head from ${of("open")}(of_topic) o;
  end if;
end $f$;
`;
}
