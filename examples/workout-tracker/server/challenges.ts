/** Challenges: activities in, a leaderboard out. */
import { randomUUID } from "node:crypto";
import { BellwireError } from "@bellwire/core";
import type { Place } from "../things.ts";
import { onWire } from "./sql.ts";
import { type Feature, once } from "./tracker.ts";

export const challenges: Feature = ({ database, hub }) => {
  hub.handle("private-challenge.{challengeId}", "load", async ({ params: { challengeId } }) => {
    const [row] = await database.query<{ places: Place[] }>("select leaders($1) as places", [challengeId]);
    const activities = await onWire(
      database,
      "activities",
      "where challenge_id = $1 order by at desc limit 12",
      [challengeId],
    );
    return { places: row?.places ?? [], activities };
  });
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
};
