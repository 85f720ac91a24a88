create table sessions (
  id text primary key,
  title text not null,
  kind text not null,
  host_id text not null references users on delete cascade,
  opened_at timestamptz not null default now(),
  closed_at timestamptz
);

create table challenges (
  id text primary key,
  title text not null,
  target_metres int not null,
  ends_at timestamptz not null
);

create table activities (
  id text primary key,
  challenge_id text not null references challenges on delete cascade,
  user_id text not null references users on delete cascade,
  metres int not null check (metres > 0),
  at timestamptz not null default now()
);
create index on activities (challenge_id, user_id);

create table seekers (
  user_id text primary key references users on delete cascade,
  kind text not null,
  since timestamptz not null default now()
);

create table pairings (
  id text primary key,
  first_id text not null references users on delete cascade,
  second_id text not null references users on delete cascade,
  kind text not null,
  at timestamptz not null default now(),
  check (first_id <> second_id)
);
