create table workouts (
  id text primary key,
  user_id text not null references users on delete cascade,
  kind text not null,
  started_at timestamptz not null default now(),
  ended_at timestamptz,
  metres int not null default 0 check (metres >= 0),
  calories int not null default 0 check (calories >= 0)
);
create index on workouts (user_id, started_at);

create table goals (
  user_id text primary key references users on delete cascade,
  target int not null check (target > 0)
);

create table achievements (
  user_id text not null references users on delete cascade,
  code text not null,
  title text not null,
  at timestamptz not null default now(),
  primary key (user_id, code)
);

-- `cause` says what an alert is about, so that there is one of each.
create table alerts (
  id int generated always as identity primary key,
  user_id text not null references users on delete cascade,
  cause text not null,
  kind text not null,
  title text not null,
  body text not null,
  at timestamptz not null default now(),
  unique (user_id, cause)
);
