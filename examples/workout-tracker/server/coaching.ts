/**
 * Trainer and client: a conversation of two, and corrections that only the trainer sends
 * (`authorize.ts` sees to that).
 */
import { randomUUID } from "node:crypto";
import type { Correction, Message } from "../things.ts";
import { alertOnce } from "./alerts.ts";
import { ms } from "./sql.ts";
import { type Feature, once, publishId, textOf } from "./tracker.ts";

const MESSAGE = `messages.id, from_id as "from", users.name, body as text, ${ms("at")} as at`;
const CORRECTION = `corrections.id, exercise, body as text, ${ms("at")} as at`;

export const coaching: Feature = ({ database, hub }) => {
  hub.handle("presence-coaching.{coachingId}", "load", async ({ params: { coachingId } }) => {
    const messages = await database.query<Message>(
      `select ${MESSAGE} from messages join users on users.id = from_id
       where coaching_id = $1 order by at desc limit 100`,
      [coachingId],
    );
    const corrections = await database.query<Correction>(
      `select ${CORRECTION} from corrections where coaching_id = $1 order by at desc limit 20`,
      [coachingId],
    );
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

  return {
    "message.said": async (change) => {
      const [said] = await database.query<Message>(
        `select ${MESSAGE} from messages join users on users.id = from_id where messages.id = $1`,
        [textOf(change, "id")],
      );
      const topic = `presence-coaching.${textOf(change, "coaching_id")}` as const;
      if (said) await hub.publish(topic, "said", said, { id: publishId(change) });
    },
    "correction.made": async (change) => {
      const coachingId = textOf(change, "coaching_id");
      const id = textOf(change, "id");
      const [made] = await database.query<Correction>(`select ${CORRECTION} from corrections where id = $1`, [
        id,
      ]);
      const [pair] = await database.query<{ client_id: string }>(
        "select client_id from coachings where id = $1",
        [coachingId],
      );
      if (!made || !pair) return;
      await hub.publish(`presence-coaching.${coachingId}`, "corrected", made, { id: publishId(change) });
      await alertOnce(database, pair.client_id, {
        cause: `correction:${id}`,
        kind: "corrected",
        title: `Your trainer on ${made.exercise}`,
        text: made.text,
      });
    },
  };
};
