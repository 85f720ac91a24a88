/**
 * Live workouts: who is open to others is in the database; how far everybody is lives here, for as
 * long as it is moving.
 */
import { randomUUID } from "node:crypto";
import { BellwireError } from "@bellwire/core";
import type { Session, Standing } from "../things.ts";
import type { Database } from "./sql.ts";
import { ms } from "./sql.ts";
import { type Feature, once, publishId, textOf } from "./tracker.ts";

const SESSION = `sessions.id, title, kind, host_id as host, users.name as "hostName", ${ms("opened_at")} as "openedAt"`;

export const sessions: Feature = ({ database, hub }) => {
  const standings = new Map<string, Map<string, Standing>>();

  hub.handle("private-sessions", "load", async () => ({
    sessions: await database.query<Session>(
      `select ${SESSION} from sessions join users on users.id = host_id
       where closed_at is null order by opened_at desc limit 50`,
    ),
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
  hub.handle("presence-session.{sessionId}", "load", ({ params }) => ({
    standings: Array.from(standings.get(params.sessionId)?.values() ?? []),
  }));
  hub.handle("presence-session.{sessionId}", "move", async ({ params: { sessionId }, data, identity }) => {
    const standing = { userId: identity.user, name: identity.name, ...data, at: Date.now() };
    const known = standings.get(sessionId) ?? new Map<string, Standing>();
    standings.set(sessionId, known.set(identity.user, standing));
    await hub.publish(`presence-session.${sessionId}`, "moved", standing);
  });

  return {
    "session.opened": async (change) => {
      const [session] = await database.query<Session>(
        `select ${SESSION} from sessions join users on users.id = host_id where sessions.id = $1 and closed_at is null`,
        [textOf(change, "id")],
      );
      if (session) await hub.publish("private-sessions", "opened", session, { id: publishId(change) });
    },
    "session.closed": async (change) => {
      const id = textOf(change, "id");
      standings.delete(id);
      await hub.publish("private-sessions", "closed", { id }, { id: publishId(change) });
    },
  };
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
