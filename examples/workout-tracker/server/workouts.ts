/** Workouts, the week's goal, and what the user should hear of once. */
import { randomUUID } from "node:crypto";
import { BellwireError } from "@bellwire/core";
import type { z } from "zod";
import type { loaded } from "../answers.ts";
import type { Achievement, Alert, Challenge, Coaching, Plan, Progress, Workout } from "../things.ts";
import { alertOnce } from "./alerts.ts";
import type { Sql } from "./sql.ts";
import { ms } from "./sql.ts";
import { type Change, type Feature, once, publishId, textOf, type User } from "./tracker.ts";

const WORKOUT = `id, kind, ${ms("started_at")} as "startedAt", ${ms("ended_at")} as "endedAt", metres, calories`;
/** Until somebody sets another one. */
const TARGET = 2_000;

export const workouts: Feature = ({ database, hub }) => {
  hub.handle("private-user.{userId}", "ping", () => {});
  hub.handle("private-user.{userId}", "load", ({ identity }) => load(database, identity));
  hub.handle("private-user.{userId}", "startWorkout", (request) =>
    once(database, request, async (sql) => {
      const [workout] = await sql.query<Workout>(
        `insert into workouts (id, user_id, kind) values ($1, $2, $3) returning ${WORKOUT}`,
        [randomUUID(), request.identity.user, request.data.kind],
      );
      if (!workout) throw new Error("nothing was inserted");
      return { workout };
    }),
  );
  hub.handle("private-user.{userId}", "completeWorkout", (request) =>
    once(database, request, async (sql) => {
      const { id, metres, calories } = request.data;
      const [workout] = await sql.query<Workout>(
        `update workouts set ended_at = now(), metres = $3, calories = $4
         where id = $1 and user_id = $2 and ended_at is null returning ${WORKOUT}`,
        [id, request.identity.user, metres, calories],
      );
      if (!workout) throw new BellwireError("invalid_data", "no such workout is going on");
      return { workout };
    }),
  );
  hub.handle("private-user.{userId}", "setGoal", (request) =>
    once(database, request, async (sql) => {
      await sql.query(
        "insert into goals (user_id, target) values ($1, $2) on conflict (user_id) do update set target = $2",
        [request.identity.user, request.data.target],
      );
    }),
  );

  /**
   * Tells how the week stands now, and raises the alert of a goal that has been reached, once for
   * each week and target.
   */
  async function tellProgress(userId: string, change: Change): Promise<void> {
    const week = await progressOf(database, userId);
    await hub.publish(`private-user.${userId}`, "progressChanged", week, {
      id: publishId(change, "-progress"),
    });
    if (week.calories < week.target) return;
    await alertOnce(database, userId, {
      cause: `goal:${week.weekStart}:${week.target}`,
      kind: "goal-achieved",
      title: "Goal achieved",
      text: `${week.calories} of ${week.target} kcal this week.`,
    });
  }

  return {
    "workout.changed": async (change) => {
      const userId = textOf(change, "user_id");
      const [workout] = await database.query<Workout>(`select ${WORKOUT} from workouts where id = $1`, [
        textOf(change, "id"),
      ]);
      if (workout)
        await hub.publish(`private-user.${userId}`, "workoutChanged", workout, { id: publishId(change) });
      await tellProgress(userId, change);
    },
    "workout.completed": (change) =>
      alertOnce(database, textOf(change, "user_id"), {
        cause: `workout:${textOf(change, "id")}`,
        kind: "workout-completed",
        title: "Workout completed",
        text: `${textOf(change, "kind")}, ${Number(change.data.calories)} kcal.`,
      }),
    "goal.changed": (change) => tellProgress(textOf(change, "user_id"), change),
  };
};

async function progressOf(sql: Sql, userId: string): Promise<Progress> {
  const [week] = await sql.query<Progress>(
    `with week as (select date_trunc('week', now() at time zone 'utc') at time zone 'utc' as start)
     select ${ms("start")} as "weekStart", coalesce(sum(calories), 0)::int as calories, count(workouts.id)::int as workouts,
       coalesce((select target from goals where user_id = $1), ${TARGET}) as target
     from week left join workouts on user_id = $1 and ended_at >= start group by start`,
    [userId],
  );
  if (!week) throw new Error("a week has no row");
  return week;
}

async function load(sql: Sql, { user, name, role }: User): Promise<z.input<typeof loaded.user>> {
  const recent = await sql.query<Workout>(
    `select ${WORKOUT} from workouts where user_id = $1 order by started_at desc limit 30`,
    [user],
  );
  const alerts = await sql.query<Alert>(
    `select id, kind, title, body as text, ${ms("at")} as at from alerts where user_id = $1 order by id desc limit 20`,
    [user],
  );
  const achievements = await sql.query<Achievement>(
    `select code, title, ${ms("at")} as at from achievements where user_id = $1 order by at desc`,
    [user],
  );
  const challenges = await sql.query<Challenge>(
    `select id, title, target_metres as "targetMetres", ${ms("ends_at")} as "endsAt" from challenges
     where ends_at > now() order by ends_at limit 10`,
  );
  const coachings = await sql.query<Coaching>(
    `select coachings.id, trainer_id as trainer, t.name as "trainerName", client_id as client, c.name as "clientName"
     from coachings join users t on t.id = trainer_id join users c on c.id = client_id
     where $1 in (trainer_id, client_id) order by c.name limit 50`,
    [user],
  );
  const plans = await sql.query<Plan>(
    "select id, title from plans join plan_members on plan_id = id where user_id = $1 order by title limit 10",
    [user],
  );
  return {
    user: { id: user, name, role },
    workouts: recent,
    progress: await progressOf(sql, user),
    alerts,
    achievements,
    challenges,
    coachings,
    plans,
  };
}
