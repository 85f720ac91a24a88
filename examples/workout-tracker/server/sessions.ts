/** Live workouts, and how far everybody in one is. */
import { randomUUID } from "node:crypto";
import { BellwireError } from "@bellwire/core";
import { type Database, onWire } from "./sql.ts";
import { type Feature, once } from "./tracker.ts";

export const sessions: Feature = ({ database, hub }) => {
  hub.handle("private-sessions", "load", async () => ({
    sessions: await onWire(database, "sessions", "where closed_at is null order by opened_at desc limit 50"),
  }));
  hub.handle("private-sessions", "open", (request) =>
    once(database, request, async (sql) => {
      const id = randomUUID();
      await sql.query("insert into sessions (id, title, kind, host_id) values ($1, $2, $3, $4)", [
        id,
        request.data.title,
        request.data.kind,
        request.identity.user,
      ]);
      return { id };
    }),
  );
  hub.handle("private-sessions", "close", (request) =>
    once(database, request, async (sql) => {
      const closed = await sql.query(
        "update sessions set closed_at = now() where id = $1 and host_id = $2 and closed_at is null returning id",
        [request.data.id, request.identity.user],
      );
      if (closed.length === 0) throw new BellwireError("forbidden", "only its host closes an open session");
    }),
  );
  hub.handle("presence-session.{sessionId}", "load", async ({ params }) => ({
    standings: await onWire(database, "standings", "where session_id = $1 limit 200", [params.sessionId]),
  }));
  hub.handle("presence-session.{sessionId}", "move", async ({ params, data, identity }) => {
    await database.query(
      `insert into standings (session_id, user_id, metres, pulse) values ($1, $2, $3, $4)
       on conflict (session_id, user_id) do update set metres = $3, pulse = $4, at = now()`,
      [params.sessionId, identity.user, data.metres, data.pulse],
    );
  });
};

/**
 * Closes what everybody has left without closing it. `isEmpty` says of a session; one that was
 * opened just now is left alone.
 */
export async function closeAbandonedSessions(
  database: Database,
  isEmpty: (sessionId: string) => boolean,
): Promise<void> {
  const open = await database.query<{ id: string }>(
    "select id from sessions where closed_at is null and opened_at < now() - interval '1 minute'",
  );
  for (const { id } of open)
    if (isEmpty(id)) await database.query("update sessions set closed_at = now() where id = $1", [id]);
}
