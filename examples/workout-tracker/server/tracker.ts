/**
 * The shared parts of the server's features: the sender of a command, the data, and the way to add
 * a feature.
 */
import type { Hub, Identity } from "@bellwire/core/server";
import type { Topics } from "../contract.ts";
import type { Person } from "../things.ts";
import type { Database, Sql } from "./sql.ts";

/** A signed-in user. */
export interface User extends Identity {
  readonly user: string;
  readonly name: string;
  readonly role: Person["role"];
}

export type TrackerHub = Hub<Topics, User>;

/** The surroundings of a feature. */
export interface Tracker {
  readonly database: Database;
  readonly hub: TrackerHub;
}

/** Puts its handlers into the hub. */
export type Feature = (tracker: Tracker) => void;

/**
 * Carries out a command in a transaction, once: when a client sends it again under the same id, it
 * is given the first answer, also after a restart. The answer must be JSON.
 */
export function once<Answer>(
  database: Database,
  request: { readonly id: string; readonly identity: User },
  work: (sql: Sql) => Promise<Answer>,
): Promise<Answer> {
  const key = [request.identity.user, request.id];
  return database.transaction(async (sql) => {
    const fresh = await sql.query(
      "insert into commands (user_id, id) values ($1, $2) on conflict do nothing returning id",
      key,
    );
    if (fresh.length === 0) {
      const [before] = await sql.query<{ answer: Answer }>(
        "select answer from commands where user_id = $1 and id = $2",
        key,
      );
      if (!before) throw new Error("a command has no row");
      return before.answer;
    }
    const answer = await work(sql);
    await sql.query("update commands set answer = $3::jsonb where user_id = $1 and id = $2", [
      ...key,
      JSON.stringify(answer ?? null),
    ]);
    return answer;
  });
}

/** Forgets the commands that no client sends again. */
export async function forgetCommands(database: Database): Promise<void> {
  await database.query("delete from commands where at < now() - interval '1 day'");
}
