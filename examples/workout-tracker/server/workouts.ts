/** Workouts, the week's goal, and what the user should hear of once. */
import { randomUUID } from "node:crypto";
import { BellwireError } from "@bellwire/core";
import type { z } from "zod";
import type { loaded } from "../answers.ts";
import type { Challenge, Coaching, Plan, Progress, Workout } from "../things.ts";
import { onWire, type Sql } from "./sql.ts";
import { type Feature, once, type User } from "./tracker.ts";

export const workouts: Feature = ({ database, hub }) => {
  hub.handle("private-user.{userId}", "ping", () => {});
  hub.handle("private-user.{userId}", "load", ({ identity }) => load(database, identity));
  hub.handle("private-user.{userId}", "startWorkout", (request) =>
    once(database, request, async (sql) => {
      const [made] = await sql.query<{ workout: Workout }>(
        `insert into workouts (id, user_id, kind) values ($1, $2, $3) returning json_of(workouts) as workout`,
        [randomUUID(), request.identity.user, request.data.kind],
      );
      if (!made) throw new Error("nothing was inserted");
      return made;
    }),
  );
  hub.handle("private-user.{userId}", "completeWorkout", (request) =>
    once(database, request, async (sql) => {
      const { id, metres, calories } = request.data;
      const [made] = await sql.query<{ workout: Workout }>(
        `update workouts set ended_at = now(), metres = $3, calories = $4
         where id = $1 and user_id = $2 and ended_at is null returning json_of(workouts) as workout`,
        [id, request.identity.user, metres, calories],
      );
      if (!made) throw new BellwireError("invalid_data", "no such workout is going on");
      return made;
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
};

async function load(sql: Sql, { user, name, role }: User): Promise<z.input<typeof loaded.user>> {
  const mine = "where user_id = $1 order by";
  const recent = await onWire(sql, "workouts", `${mine} started_at desc limit 30`, [user]);
  const alerts = await onWire(sql, "alerts", `${mine} id desc limit 100`, [user]);
  const achievements = await onWire(sql, "achievements", `${mine} at desc`, [user]);
  const [week] = await sql.query<{ progress: Progress }>("select progress_of($1) as progress", [user]);
  if (!week) throw new Error("a week has no row");
  const challenges = await sql.query<Challenge>(
    `select id, title, target_metres as "targetMetres", ms(ends_at) as "endsAt" from challenges
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
    progress: week.progress,
    alerts,
    achievements,
    challenges,
    coachings,
    plans,
  };
}
