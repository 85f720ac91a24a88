-- Every change that somebody should hear of, written in the transaction that makes it, whoever makes it.
create table changes (
  id bigint generated always as identity primary key,
  kind text not null,
  data jsonb not null,
  at timestamptz not null default now(),
  published_at timestamptz
);
create index on changes (id) where published_at is null;

-- Used as a trigger with the kind as its argument. The notification carries the change's id.
create function record_change() returns trigger language plpgsql as $$
declare
  change_id bigint;
begin
  insert into changes (kind, data)
  values (tg_argv[0], case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end)
  returning id into change_id;
  perform pg_notify('changes', change_id::text);
  return null;
end
$$;
