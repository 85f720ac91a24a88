/** The tables. The layout's version is stored in the first of them. */
import type { Names } from "../names.ts";

export function tables({ of }: Names): string {
  return `
create table ${of("layout")} (
  version int not null,
  -- Whether the operator declared that a failover loses nothing.
  trusted boolean not null default false,
  -- Whether this server tells its timeline, which changes with every failover.
  traced boolean not null default false,
  -- Names the server and the table of topics: a restored dump has others.
  origin text
);
insert into ${of("layout")} (version) values (0);

-- One row for each topic. It is locked from an append until the transaction's end.
create table ${of("topics")} (
  topic text collate "C" primary key,
  -- Names this numbering of the topic in the other tables.
  no bigint generated always as identity,
  epoch text not null,
  head bigint not null default 0,
  -- The bytes of all entries that this numbering has had: the JSON's, and 64 for each.
  total bigint not null default 0,
  -- The history of the server in which the numbering began; see ${of("lineage")}.
  lineage text not null,
  changed bigint not null
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05);

create table ${of("entries")} (
  no bigint not null,
  "offset" bigint not null,
  id text,
  event text not null,
  data text not null,
  "time" bigint not null,
  exclude text,
  at bigint not null,
  -- The topic's total before this entry.
  before bigint not null,
  primary key (no, "offset")
) with (autovacuum_vacuum_scale_factor = 0.05);
create index on ${of("entries")} (at);

-- The ids of the last 5 minutes. They outlive their entries.
create table ${of("ids")} (
  no bigint not null,
  publisher text not null,
  id text not null,
  "offset" bigint not null,
  at bigint not null,
  primary key (no, publisher, id)
) with (autovacuum_vacuum_scale_factor = 0.05);
create index on ${of("ids")} (at);
`;
}
