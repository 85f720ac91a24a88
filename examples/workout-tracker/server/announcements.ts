/** Announcements from an administrator to everyone. */
import { randomUUID } from "node:crypto";
import type { Announcement } from "../things.ts";
import { ms } from "./sql.ts";
import { type Feature, once, publishId, textOf } from "./tracker.ts";

const ANNOUNCEMENTS = `select id, by_name as by, body as text, ${ms("at")} as at from announcements`;

export const announcements: Feature = ({ database, hub }) => {
  hub.handle("private-announcements", "load", async () => ({
    announcements: await database.query<Announcement>(
      `${ANNOUNCEMENTS} order by announcements.at desc limit 10`,
    ),
  }));
  hub.handle("private-announcements", "announce", (request) =>
    once(database, request, async (sql) => {
      await sql.query("insert into announcements (id, by_name, body) values ($1, $2, $3)", [
        randomUUID(),
        request.identity.name,
        request.data.text,
      ]);
    }),
  );

  return {
    "announcement.made": async (change) => {
      const [made] = await database.query<Announcement>(`${ANNOUNCEMENTS} where id = $1`, [
        textOf(change, "id"),
      ]);
      if (made) await hub.publish("private-announcements", "made", made, { id: publishId(change) });
    },
  };
};
