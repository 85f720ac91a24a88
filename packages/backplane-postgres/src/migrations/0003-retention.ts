/** The functions that evict. Each call removes one batch, so that nobody waits for it. */
import type { Names } from "../names.ts";

export function retention({ of }: Names): string {
  return `
-- Removes at most \`most\` rows and gives their number; 0 while another hub evicts. Caps by count and
-- bytes are applied to the topics that were appended to since the moment \`since\`.
create function ${of("evict")}(size bigint, ttl bigint, bytes bigint, since bigint, most int)
returns int language plpgsql as $f$
declare
  moment bigint := ${of("now")}();
  removed int;
  total int := 0;
begin
  if not pg_try_advisory_xact_lock(hashtext('${of("evict")}'), 1) then return 0; end if;
  delete from ${of("entries")} where ctid = any(array(
    select e.ctid from ${of("entries")} e where e.at < moment - ttl order by e.at limit most));
  get diagnostics removed = row_count;
  total := removed;
  delete from ${of("ids")} where ctid = any(array(
    select i.ctid from ${of("ids")} i where i.at < moment - 300000 order by i.at limit most));
  get diagnostics removed = row_count;
  total := total + removed;
  delete from ${of("entries")} where ctid = any(array(
    select doomed.place from ${of("topics")} t
    cross join lateral (
      select e."offset", e.before from ${of("entries")} e where e.no = t.no order by e."offset" limit 1
    ) oldest
    cross join lateral (
      select e.ctid as place from ${of("entries")} e
      where e.no = t.no and (e."offset" <= t.head - size or e.before < t.total - bytes)
      order by e."offset" limit most
    ) doomed
    where t.changed >= since and (oldest."offset" <= t.head - size or oldest.before < t.total - bytes)
    limit most));
  get diagnostics removed = row_count;
  return total + removed;
end $f$;

-- Keeps the topics in use, and forgets at most \`most\` of those without an entry for a day. Locked
-- rows are left for the next time.
create function ${of("forget")}(used json, most int) returns int language plpgsql as $f$
declare
  moment bigint := ${of("now")}();
  removed int;
begin
  if not pg_try_advisory_xact_lock(hashtext('${of("evict")}'), 2) then return 0; end if;
  update ${of("topics")} set changed = moment where topic in (
    select t.topic from ${of("topics")} t
    where t.topic in (select value from json_array_elements_text(used)) and t.changed < moment - 3600000
    for no key update skip locked);
  delete from ${of("topics")} where topic in (
    select t.topic from ${of("topics")} t
    where t.changed < moment - 86400000
      and not exists (select from ${of("entries")} e where e.no = t.no)
    limit most for update skip locked);
  get diagnostics removed = row_count;
  return removed;
end $f$;

-- Called by every hub when it starts. Begins new epochs in a restored dump; otherwise positions stay
-- as they are, also when 'declared' has changed whether a failover keeps every transaction.
create function ${of("begin")}(declared boolean) returns void language plpgsql as $f$
declare
  before text := ${of("lineage")}();
  server text := '';
  tells boolean := true;
  known text;
begin
  begin
    select system_identifier into server from pg_control_system();
  exception when others then null;
  end;
  begin
    perform pg_walfile_name(pg_current_wal_insert_lsn());
  exception when others then
    -- A replica tells when it has become the primary.
    tells := pg_is_in_recovery();
  end;
  server := server || ' ' || '${of("topics")}'::regclass::oid;
  select origin into known from ${of("layout")};
  update ${of("layout")} set trusted = declared, traced = tells, origin = server
    where (trusted, traced, origin) is distinct from (declared, tells, server);
  if known <> server then
    perform ${of("renumber")}();
  elsif ${of("lineage")}() <> before then
    update ${of("topics")} set lineage = ${of("lineage")}() where lineage = before;
  end if;
end $f$;

-- Begins a new epoch for every topic: for operators who restored only the data, or a snapshot of the
-- disk, which PostgreSQL cannot tell from what it held before.
create function ${of("renumber")}() returns void language sql as $f$
  update ${of("topics")} set lineage = 'renumbered'
$f$;
`;
}
