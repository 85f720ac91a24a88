create table users (
  id text primary key,
  name text not null unique,
  role text not null check (role in ('member', 'trainer', 'admin')),
  password_hash text,
  latitude float8 not null,
  longitude float8 not null
);

-- A device that is signed in, by the SHA-256 of what its cookie holds.
create table sign_ins (
  secret_hash text primary key,
  user_id text not null references users on delete cascade,
  expires_at timestamptz not null
);

create table settings (key text primary key, value text not null);

-- A command that a client sends again after a loss is answered from here and not carried out twice.
create table commands (
  user_id text not null references users on delete cascade,
  id text not null,
  answer jsonb,
  at timestamptz not null default now(),
  primary key (user_id, id)
);
create index on commands (at);
