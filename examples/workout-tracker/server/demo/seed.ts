/**
 * Fills the database for the demonstration. Existing rows stay as they are, so that a restart
 * changes nothing.
 */
import { randomUUID } from "node:crypto";
import * as Y from "yjs";
import type { Kind } from "../../things.ts";
import type { Accounts } from "../accounts.ts";
import type { Database, Sql } from "../sql.ts";
import { ADMIN, MEMBERS, near, SEATS, TRAINER } from "./people.ts";

export const CHALLENGE = "demo-challenge";
export const PLAN = "demo-plan";
/** The live workouts that the simulated people keep going. */
export const SESSIONS: readonly {
  readonly id: string;
  readonly title: string;
  readonly kind: Kind;
  readonly host: string;
}[] = [
  { id: "demo-run", title: "Evening run along the river", kind: "run", host: "lena" },
  { id: "demo-ride", title: "Hill repeats", kind: "ride", host: "pablo" },
];

const DAYS = {
  mon: "Easy run, 40 min",
  tue: "Strength: squats, rows, planks",
  wed: "Rest",
  thu: "Intervals: 6 × 800 m",
  fri: "Yoga, 30 min",
  sat: "Long ride, 60 km",
  sun: "Rest, or a walk",
} as const;

/** People, a challenge under way, sessions and a plan. */
export async function seedDemo(database: Database, accounts: Accounts): Promise<void> {
  for (const account of [...MEMBERS, TRAINER, ADMIN, ...SEATS]) await accounts.create(account);
  await database.transaction(async (sql) => {
    const fresh = await sql.query(
      `insert into challenges (id, title, target_metres, ends_at) values ($1, '100 km together', 100000, now() + interval '30 days')
       on conflict (id) do update set ends_at = excluded.ends_at returning (xmax = 0) as fresh`,
      [CHALLENGE],
    );
    for (const { id, title, kind, host } of SESSIONS)
      await sql.query(
        `insert into sessions (id, title, kind, host_id) values ($1, $2, $3, $4)
         on conflict (id) do update set closed_at = null`,
        [id, title, kind, host],
      );
    await sql.query(
      "insert into plans (id, title) values ($1, 'Four weeks to 10 km') on conflict do nothing",
      [PLAN],
    );
    for (const { id } of [...MEMBERS, ...SEATS]) await join(sql, id);
    for (const client of ["alex", "sam"]) await coach(sql, "kim", client);
    if ((fresh[0] as { fresh: boolean } | undefined)?.fresh) await begin(sql);
  });
}

/** An account for somebody who only looks, with something in it. Resolves with its id. */
export async function makeVisitor(database: Database, accounts: Accounts): Promise<string> {
  const key = randomUUID().slice(0, 8);
  const number = Number.parseInt(key, 16);
  const id = `visitor-${key}`;
  await accounts.create({ id, name: `Visitor ${key}`, role: "member", ...near(number) });
  await database.transaction(async (sql) => {
    await join(sql, id);
    await coach(sql, TRAINER.id, id);
    await sql.query("insert into goals (user_id, target) values ($1, 1700)", [id]);
    // Its alerts are raised before the page is there, which takes what it finds for old and shows
    // no toasts.
    for (const [hours, kind, metres, calories] of [
      [3, "run", 6_200, 480],
      [27, "strength", 0, 310],
      [75, "ride", 24_000, 640],
    ] as const)
      await sql.query(
        `insert into workouts (id, user_id, kind, started_at, ended_at, metres, calories)
         values ($1, $2, $3, now() - $4 * interval '1 hour', now() - ($4 - 0.7) * interval '1 hour', $5, $6)`,
        [randomUUID(), id, kind, hours, metres, calories],
      );
  });
  return id;
}

/** The ids of those who have looked in before and are still signed in. */
export async function visitors(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ id: string }>(
    `select user_id as id from sign_ins where user_id like 'visitor-%' and expires_at > now()
     group by user_id order by max(expires_at) desc limit 50`,
  );
  return rows.map(({ id }) => id);
}

/** The coaching of a visitor by the simulated trainer. */
export function coachingId(trainer: string, client: string): string {
  return `${trainer}-${client}`;
}

async function join(sql: Sql, userId: string): Promise<void> {
  await sql.query("insert into plan_members (plan_id, user_id) values ($1, $2) on conflict do nothing", [
    PLAN,
    userId,
  ]);
}

async function coach(sql: Sql, trainer: string, client: string): Promise<void> {
  await sql.query(
    "insert into coachings (id, trainer_id, client_id) values ($1, $2, $3) on conflict do nothing",
    [coachingId(trainer, client), trainer, client],
  );
}

async function begin(sql: Sql): Promise<void> {
  for (const [index, { id }] of MEMBERS.entries())
    await sql.query("insert into activities (id, challenge_id, user_id, metres) values ($1, $2, $3, $4)", [
      randomUUID(),
      CHALLENGE,
      id,
      4_000 + ((index * 3_700) % 19_000),
    ]);
  const doc = new Y.Doc();
  for (const [day, what] of Object.entries(DAYS)) doc.getText(day).insert(0, what);
  await sql.query("insert into plan_updates (plan_id, body) values ($1, $2)", [
    PLAN,
    Buffer.from(Y.encodeStateAsUpdate(doc)).toString("base64"),
  ]);
  await sql.query("insert into announcements (id, by_name, body) values ($1, $2, $3)", [
    randomUUID(),
    ADMIN.name,
    "Welcome! Everybody here is simulated, except you and who else looks in.",
  ]);
}
