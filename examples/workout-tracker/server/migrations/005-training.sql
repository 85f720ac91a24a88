create table coachings (
  id text primary key,
  trainer_id text not null references users on delete cascade,
  client_id text not null references users on delete cascade,
  unique (trainer_id, client_id)
);

create table messages (
  id text primary key,
  coaching_id text not null references coachings on delete cascade,
  from_id text not null references users on delete cascade,
  body text not null,
  at timestamptz not null default now()
);
create index on messages (coaching_id, at);

create table corrections (
  id text primary key,
  coaching_id text not null references coachings on delete cascade,
  exercise text not null,
  body text not null,
  at timestamptz not null default now()
);
create index on corrections (coaching_id, at);

create table plans (id text primary key, title text not null);

create table plan_members (
  plan_id text not null references plans on delete cascade,
  user_id text not null references users on delete cascade,
  primary key (plan_id, user_id)
);

-- Updates of the plan's Yjs document, in base64. The oldest is merged from those before it now and then.
create table plan_updates (
  id bigint generated always as identity primary key,
  plan_id text not null references plans on delete cascade,
  body text not null
);
create index on plan_updates (plan_id, id);

create table announcements (
  id text primary key,
  by_name text not null,
  body text not null,
  at timestamptz not null default now()
);
