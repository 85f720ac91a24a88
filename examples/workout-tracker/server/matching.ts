/** Partner matching: who looks for one, and pairing exactly two. */
import { randomUUID } from "node:crypto";
import { BellwireError } from "@bellwire/core";
import type { Pairing } from "../things.ts";
import { type Database, onWire } from "./sql.ts";
import { type Feature, once } from "./tracker.ts";

interface Here {
  readonly latitude: number;
  readonly longitude: number;
}

export const matching: Feature = ({ database, hub }) => {
  hub.handle("presence-matching", "load", async ({ identity: { user } }) => {
    const [here] = await database.query<Here>("select latitude, longitude from users where id = $1", [user]);
    if (!here) throw new BellwireError("forbidden", "no such user");
    const pairings = await database.query<Pairing>(
      `select pairings.id, users.id as partner, users.name as "partnerName", kind, ms(at) as at from pairings
       join users on users.id = case when first_id = $1 then second_id else first_id end
       where $1 in (first_id, second_id) order by at desc limit 10`,
      [user],
    );
    return { here, seekers: await onWire(database, "seekers", "order by since limit 200"), pairings };
  });
  hub.handle("presence-matching", "seek", (request) =>
    once(database, request, async (sql) => {
      await sql.query(
        `insert into seekers (user_id, kind) values ($1, $2)
         on conflict (user_id) do update set kind = $2, since = now()`,
        [request.identity.user, request.data.kind],
      );
    }),
  );
  hub.handle("presence-matching", "stop", (request) =>
    once(database, request, async (sql) => {
      await sql.query("delete from seekers where user_id = $1", [request.identity.user]);
    }),
  );
  hub.handle("presence-matching", "pair", (request) => {
    const mine = request.identity.user;
    const other = request.data.userId;
    return once(database, request, async (sql) => {
      // Both have to be there still. Locked in one order, so that two pairs that overlap wait and
      // do not block each other.
      const both = await sql.query<{ kind: string; user_id: string }>(
        "select user_id, kind from seekers where user_id in ($1, $2) order by user_id for update",
        [mine, other],
      );
      if (both.length !== 2) return { paired: false };
      await sql.query("delete from seekers where user_id in ($1, $2)", [mine, other]);
      const kind = both.find(({ user_id }) => user_id === other)?.kind;
      await sql.query("insert into pairings (id, first_id, second_id, kind) values ($1, $2, $3, $4)", [
        randomUUID(),
        mine,
        other,
        kind,
      ]);
      return { paired: true };
    });
  });
};

/**
 * Takes those off the list who are not present any more. `present` says who is; who began within
 * the last seconds is left alone.
 */
export async function forgetAbsentSeekers(database: Database, present: ReadonlySet<string>): Promise<void> {
  const seekers = await database.query<{ user_id: string }>(
    "select user_id from seekers where since < now() - interval '5 seconds'",
  );
  for (const { user_id } of seekers)
    if (!present.has(user_id)) await database.query("delete from seekers where user_id = $1", [user_id]);
}
