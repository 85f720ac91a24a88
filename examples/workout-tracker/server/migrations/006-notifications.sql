-- Everybody is told of changes to the data, whoever makes them: each change publishes its notifications by a
-- trigger, in the transaction that makes it. bellwire_publish is a function of the hub's backplane.

-- Earlier versions wrote changes down for a listener in the server.
drop function if exists record_change() cascade;
drop table if exists changes;

-- How far everybody in a live workout is.
create table standings (
  session_id text not null references sessions on delete cascade,
  user_id text not null references users on delete cascade,
  metres int not null,
  pulse int not null,
  at timestamptz not null default now(),
  primary key (session_id, user_id)
);

-- ── What rows are on the wire, in what pages load and in notifications ──

create function ms(at timestamptz) returns float8 language sql stable as $$
  select round(extract(epoch from at) * 1000)::float8
$$;

create function json_of(workouts) returns json language sql stable as $$
  select json_build_object('id', $1.id, 'kind', $1.kind, 'startedAt', ms($1.started_at), 'endedAt', ms($1.ended_at),
    'metres', $1.metres, 'calories', $1.calories)
$$;
create function json_of(alerts) returns json language sql stable as $$
  select json_build_object('id', $1.id, 'kind', $1.kind, 'title', $1.title, 'text', $1.body, 'at', ms($1.at))
$$;
create function json_of(achievements) returns json language sql stable as $$
  select json_build_object('code', $1.code, 'title', $1.title, 'at', ms($1.at))
$$;
create function json_of(sessions) returns json language sql stable as $$
  select json_build_object('id', $1.id, 'title', $1.title, 'kind', $1.kind, 'host', $1.host_id, 'hostName', name,
    'openedAt', ms($1.opened_at)) from users where users.id = $1.host_id
$$;
create function json_of(standings) returns json language sql stable as $$
  select json_build_object('userId', $1.user_id, 'name', name, 'metres', $1.metres, 'pulse', $1.pulse, 'at', ms($1.at))
  from users where users.id = $1.user_id
$$;
create function json_of(activities) returns json language sql stable as $$
  select json_build_object('id', $1.id, 'userId', $1.user_id, 'name', name, 'metres', $1.metres, 'at', ms($1.at))
  from users where users.id = $1.user_id
$$;
-- The place is rounded to about 100 m.
create function json_of(seekers) returns json language sql stable as $$
  select json_build_object('userId', $1.user_id, 'name', name, 'kind', $1.kind,
    'latitude', round(latitude::numeric, 3), 'longitude', round(longitude::numeric, 3), 'since', ms($1.since))
  from users where users.id = $1.user_id
$$;
create function json_of(messages) returns json language sql stable as $$
  select json_build_object('id', $1.id, 'from', $1.from_id, 'name', name, 'text', $1.body, 'at', ms($1.at))
  from users where users.id = $1.from_id
$$;
create function json_of(corrections) returns json language sql stable as $$
  select json_build_object('id', $1.id, 'exercise', $1.exercise, 'text', $1.body, 'at', ms($1.at))
$$;
create function json_of(announcements) returns json language sql stable as $$
  select json_build_object('id', $1.id, 'by', $1.by_name, 'text', $1.body, 'at', ms($1.at))
$$;

-- The first ten of a challenge.
create function leaders(challenge text) returns json language sql stable as $$
  select coalesce(json_agg(json_build_object('userId', user_id, 'name', name, 'metres', metres)), '[]')
  from (select user_id, name, sum(metres)::int as metres from activities join users on users.id = user_id
        where challenge_id = challenge group by user_id, name order by sum(metres) desc, name limit 10) as first
$$;

-- This week's calories and the goal, which is 2000 until the user sets another one.
create function progress_of(who text) returns json language sql stable as $$
  with week as (select date_trunc('week', now() at time zone 'utc') at time zone 'utc' as start)
  select json_build_object('weekStart', ms(start), 'calories', coalesce(sum(calories), 0), 'workouts', count(workouts.id),
    'target', coalesce((select target from goals where user_id = who), 2000))
  from week left join workouts on user_id = who and ended_at >= start group by start
$$;

-- ── One user's own things ──

-- A user has one alert of each cause, however often it is raised. Looked for first: an insert that conflicts
-- would use up an id each time.
create function raise_alert(who text, of_cause text, of_kind text, heading text, words text)
returns void language sql as $$
  insert into alerts (user_id, cause, kind, title, body) select who, of_cause, of_kind, heading, words
  where not exists (select 1 from alerts where user_id = who and cause = of_cause) on conflict do nothing
$$;

create function tell_alert() returns trigger language plpgsql as $$
declare
  raised alerts := new;
begin
  perform bellwire_publish('private-user.' || new.user_id, 'alertRaised', json_of(raised));
  return null;
end $$;
create trigger tell_alert after insert on alerts for each row execute function tell_alert();

-- Two changes that are made at once wait for each other, so that the later one counts both. Raises the alert of
-- a goal that has been reached once for each week and target.
create function tell_progress(who text) returns void language plpgsql as $$
declare
  week json;
begin
  perform from users where id = who for no key update;
  week := progress_of(who);
  perform bellwire_publish('private-user.' || who, 'progressChanged', week);
  if (week->>'calories')::int >= (week->>'target')::int then
    perform raise_alert(who, format('goal:%s:%s', week->>'weekStart', week->>'target'), 'goal-achieved',
      'Goal achieved', format('%s of %s kcal this week.', week->>'calories', week->>'target'));
  end if;
end $$;

create function tell_goal() returns trigger language plpgsql as $$ begin
  perform tell_progress(new.user_id);
  return null;
end $$;
create trigger tell_goal after insert or update on goals for each row execute function tell_goal();

create function tell_workout() returns trigger language plpgsql as $$
declare
  changed workouts := new;
begin
  perform tell_progress(new.user_id);
  perform bellwire_publish('private-user.' || new.user_id, 'workoutChanged', json_of(changed));
  if new.ended_at is not null and (tg_op = 'INSERT' or old.ended_at is null) then
    perform raise_alert(new.user_id, 'workout:' || new.id, 'workout-completed', 'Workout completed',
      format('%s, %s kcal.', new.kind, new.calories));
  end if;
  return null;
end $$;
create trigger tell_workout after insert or update on workouts for each row execute function tell_workout();

create function tell_achievement() returns trigger language plpgsql as $$
declare
  unlocked achievements := new;
begin
  perform bellwire_publish('private-user.' || new.user_id, 'achievementUnlocked', json_of(unlocked));
  perform raise_alert(new.user_id, 'achievement:' || new.code, 'achievement-unlocked', 'Achievement unlocked', new.title);
  return null;
end $$;
create trigger tell_achievement after insert on achievements for each row execute function tell_achievement();

-- ── What several people share. Its topics are published to before those of users: transactions that need
-- several of them take them in this order, and so do not block each other. ──

-- An achievement counts the metres of all challenges.
create function tell_activity() returns trigger language plpgsql as $$
declare
  submitted activities := new;
  topic text := 'private-challenge.' || new.challenge_id;
begin
  perform bellwire_publish(topic, 'submitted', json_of(submitted));
  perform bellwire_publish(topic, 'leaderboard', json_build_object('places', leaders(new.challenge_id)));
  insert into achievements (user_id, code, title)
    select new.user_id, code, title
    from (values ('first', 'First steps', 1), ('ten', 'Ten kilometres', 10000), ('marathon', 'A marathon in all', 42195))
      as achievement (code, title, needs)
    where needs <= (select sum(metres) from activities where user_id = new.user_id) order by needs
    on conflict do nothing;
  return null;
end $$;
create trigger tell_activity after insert on activities for each row execute function tell_activity();

create function tell_session() returns trigger language plpgsql as $$
declare
  session sessions := new;
begin
  if tg_op = 'INSERT' then
    perform bellwire_publish('private-sessions', 'opened', json_of(session));
  else
    perform bellwire_publish('private-sessions', 'closed', json_build_object('id', new.id));
    delete from standings where session_id = new.id;
  end if;
  return null;
end $$;
create trigger tell_opened after insert on sessions
  for each row when (new.closed_at is null) execute function tell_session();
create trigger tell_closed after update on sessions
  for each row when (old.closed_at is null and new.closed_at is not null) execute function tell_session();

create function tell_standing() returns trigger language plpgsql as $$
declare
  moved standings := new;
begin
  perform bellwire_publish('presence-session.' || new.session_id, 'moved', json_of(moved));
  return null;
end $$;
create trigger tell_standing after insert or update on standings for each row execute function tell_standing();

create function tell_seeker() returns trigger language plpgsql as $$
declare
  seeker seekers := new;
begin
  if tg_op = 'DELETE' then
    perform bellwire_publish('presence-matching', 'gone', json_build_object('userId', old.user_id));
  else
    perform bellwire_publish('presence-matching', 'available', json_of(seeker));
  end if;
  return null;
end $$;
create trigger tell_seeker after insert or update or delete on seekers for each row execute function tell_seeker();

create function tell_pairing() returns trigger language plpgsql as $$ begin
  perform raise_alert(one.id, 'pairing:' || new.id, 'paired', 'Partner found',
      format('You train with %s: %s.', other.name, new.kind))
    from users as one join users as other on other.id <> one.id
    where one.id in (new.first_id, new.second_id) and other.id in (new.first_id, new.second_id) order by one.id;
  return null;
end $$;
create trigger tell_pairing after insert on pairings for each row execute function tell_pairing();

create function tell_message() returns trigger language plpgsql as $$
declare
  said messages := new;
begin
  perform bellwire_publish('presence-coaching.' || new.coaching_id, 'said', json_of(said));
  return null;
end $$;
create trigger tell_message after insert on messages for each row execute function tell_message();

create function tell_correction() returns trigger language plpgsql as $$
declare
  made corrections := new;
begin
  perform bellwire_publish('presence-coaching.' || new.coaching_id, 'corrected', json_of(made));
  perform raise_alert(client_id, 'correction:' || new.id, 'corrected', 'Your trainer on ' || new.exercise, new.body)
    from coachings where id = new.coaching_id;
  return null;
end $$;
create trigger tell_correction after insert on corrections for each row execute function tell_correction();

create function tell_plan() returns trigger language plpgsql as $$ begin
  perform bellwire_publish('presence-plan.' || new.plan_id, 'updated', json_build_object('update', new.body));
  return null;
end $$;
create trigger tell_plan after insert on plan_updates for each row execute function tell_plan();

create function tell_announcement() returns trigger language plpgsql as $$
declare
  made announcements := new;
begin
  perform bellwire_publish('private-announcements', 'made', json_of(made));
  return null;
end $$;
create trigger tell_announcement after insert on announcements for each row execute function tell_announcement();
