/**
 * Trainer and client: a conversation of two, and corrections that only the trainer sends
 * (`authorize.ts` sees to that).
 */
import { randomUUID } from "node:crypto";
import { onWire } from "./sql.ts";
import { type Feature, once } from "./tracker.ts";

export const coaching: Feature = ({ database, hub }) => {
  hub.handle("presence-coaching.{coachingId}", "load", async ({ params: { coachingId } }) => {
    const of = "where coaching_id = $1 order by at desc limit";
    const messages = await onWire(database, "messages", `${of} 100`, [coachingId]);
    const corrections = await onWire(database, "corrections", `${of} 20`, [coachingId]);
    return { messages: messages.reverse(), corrections };
  });
  hub.handle("presence-coaching.{coachingId}", "say", (request) =>
    once(database, request, async (sql) => {
      await sql.query("insert into messages (id, coaching_id, from_id, body) values ($1, $2, $3, $4)", [
        randomUUID(),
        request.params.coachingId,
        request.identity.user,
        request.data.text,
      ]);
    }),
  );
  hub.handle("presence-coaching.{coachingId}", "correct", (request) =>
    once(database, request, async (sql) => {
      await sql.query("insert into corrections (id, coaching_id, exercise, body) values ($1, $2, $3, $4)", [
        randomUUID(),
        request.params.coachingId,
        request.data.exercise,
        request.data.text,
      ]);
    }),
  );
  hub.handle("presence-coaching.{coachingId}", "type", async ({ topic, identity, session }) => {
    const who = { userId: identity.user, name: identity.name };
    await hub.publish(topic, "typing", who, { exclude: session });
  });
};
