/** Challenges: activities in, a leaderboard out, and what somebody has unlocked by them. */
import { randomUUID } from "node:crypto";
import { BellwireError } from "@bellwire/core";
import type { Activity, Place } from "../things.ts";
import { alertOnce } from "./alerts.ts";
import type { Sql } from "./sql.ts";
import { ms } from "./sql.ts";
import { type Feature, once, publishId, textOf } from "./tracker.ts";

const ACTIVITY = `activities.id, user_id as "userId", name, metres, ${ms("at")} as at`;

/** Achievements by the metres submitted over all challenges. */
const ACHIEVEMENTS = [
  { code: "first", title: "First steps", metres: 1 },
  { code: "ten", title: "Ten kilometres", metres: 10_000 },
  { code: "marathon", title: "A marathon in all", metres: 42_195 },
] as const;

export const challenges: Feature = ({ database, hub }) => {
  hub.handle("private-challenge.{challengeId}", "load", async ({ params }) => ({
    places: await leaders(database, params.challengeId),
    activities: await database.query<Activity>(
      `select ${ACTIVITY} from activities join users on users.id = user_id
       where challenge_id = $1 order by at desc limit 12`,
      [params.challengeId],
    ),
  }));
  hub.handle("private-challenge.{challengeId}", "submit", (request) =>
    once(database, request, async (sql) => {
      const { user } = request.identity;
      const { challengeId } = request.params;
      const added = await sql.query(
        `insert into activities (id, challenge_id, user_id, metres)
         select $1, id, $3, $4 from challenges where id = $2 and ends_at > now() returning id`,
        [randomUUID(), challengeId, user, request.data.metres],
      );
      if (added.length === 0) throw new BellwireError("invalid_data", "the challenge is over");
      const [mine] = await sql.query<{ metres: number; rank: number }>(
        `select metres, rank from (select user_id, sum(metres)::int as metres,
           rank() over (order by sum(metres) desc)::int as rank
           from activities where challenge_id = $1 group by user_id) as places where user_id = $2`,
        [challengeId, user],
      );
      if (!mine) throw new Error("what was submitted is not there");
      return mine;
    }),
  );

  return {
    "activity.submitted": async (change) => {
      const challengeId = textOf(change, "challenge_id");
      const userId = textOf(change, "user_id");
      const topic = `private-challenge.${challengeId}` as const;
      const [activity] = await database.query<Activity>(
        `select ${ACTIVITY} from activities join users on users.id = user_id where activities.id = $1`,
        [textOf(change, "id")],
      );
      if (activity) await hub.publish(topic, "submitted", activity, { id: publishId(change) });
      const places = await leaders(database, challengeId);
      await hub.publish(topic, "leaderboard", { places }, { id: publishId(change, "-places") });
      await unlock(database, userId);
    },
    "achievement.unlocked": async (change) => {
      const userId = textOf(change, "user_id");
      const title = textOf(change, "title");
      const code = textOf(change, "code");
      const achievement = { code, title, at: Math.round(Date.parse(textOf(change, "at"))) };
      await hub.publish(`private-user.${userId}`, "achievementUnlocked", achievement, {
        id: publishId(change),
      });
      await alertOnce(database, userId, {
        cause: `achievement:${code}`,
        kind: "achievement-unlocked",
        title: "Achievement unlocked",
        text: title,
      });
    },
  };
};

async function leaders(sql: Sql, challengeId: string): Promise<Place[]> {
  return sql.query<Place>(
    `select user_id as "userId", name, sum(metres)::int as metres from activities join users on users.id = user_id
     where challenge_id = $1 group by user_id, name order by sum(metres) desc, name limit 10`,
    [challengeId],
  );
}

async function unlock(sql: Sql, userId: string): Promise<void> {
  const [row] = await sql.query<{ metres: number }>(
    "select coalesce(sum(metres), 0)::int as metres from activities where user_id = $1",
    [userId],
  );
  for (const { code, title, metres } of ACHIEVEMENTS)
    if ((row?.metres ?? 0) >= metres)
      await sql.query(
        "insert into achievements (user_id, code, title) values ($1, $2, $3) on conflict do nothing",
        [userId, code, title],
      );
}
