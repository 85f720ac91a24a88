/** Announcements from an administrator to everyone. */
import { randomUUID } from "node:crypto";
import { onWire } from "./sql.ts";
import { type Feature, once } from "./tracker.ts";

export const announcements: Feature = ({ database, hub }) => {
  hub.handle("private-announcements", "load", async () => ({
    announcements: await onWire(database, "announcements", "order by at desc limit 100"),
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
};
