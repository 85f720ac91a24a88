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

/** A change of the data: which kind, and the row as it was written. Its id grows. */
export interface Change {
  readonly id: number;
  readonly kind: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * The reaction to a change. It may run again for the same change, after a failure or a restart: its
 * publishes must carry an id derived from the change's (`publishId`), and its writes must be
 * idempotent.
 */
export type Reaction = (change: Change) => Promise<void>;

/** Puts its handlers into the hub, and says how it reacts to which kind of change. */
export type Feature = (tracker: Tracker) => Readonly<Record<string, Reaction>>;

/**
 * The id under which a change is published, once on each topic; `part` tells several on one topic
 * apart.
 */
export function publishId({ id }: Change, part = ""): string {
  return `change-${id}${part}`;
}

/**
 * The column of a changed row, as text. Throws when it is not there: the trigger and the reaction
 * do not fit.
 */
export function textOf({ kind, data }: Change, column: string): string {
  const value = data[column];
  if (typeof value !== "string") throw new TypeError(`${kind}: no text in ${column}`);
  return value;
}

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
