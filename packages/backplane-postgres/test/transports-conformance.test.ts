/**
 * Every transport passes the kit on hubs over PostgreSQL. The engine has its faults in
 * `npm run test:cluster`.
 */
import { pusherRig } from "@bellwire/adapter-pusher/testing";
import { socketIoRig } from "@bellwire/adapter-socketio/testing";
import { sseRig } from "@bellwire/adapter-sse/testing";
import { webSocketRig } from "@bellwire/adapter-ws/testing";
import { postgresBackplane } from "@bellwire/backplane-postgres";
import { conformance, memoryRig } from "@bellwire/core/conformance";
import pg from "pg";
import { afterAll, beforeAll, describe, it } from "vitest";
import { announce, PostgresServer } from "./postgres-server.ts";
import { freshPrefix } from "./store.ts";

describe.skipIf(!announce("the transport kit over PostgreSQL"))("over PostgreSQL", () => {
  let server: PostgresServer;
  let pool: pg.Pool;
  beforeAll(async () => {
    server = await PostgresServer.start();
    pool = new pg.Pool({ connectionString: server.url(), max: 10 });
  });
  afterAll(async () => {
    await pool.end();
    await server.remove();
  });

  for (const rig of [memoryRig, webSocketRig, sseRig, socketIoRig, pusherRig])
    conformance(rig, {
      it,
      describe: (name, register) => !name.endsWith("faults") && describe(name, register),
      backplane: (history) =>
        // The server of a test does without fsync, and every backplane reports that.
        postgresBackplane(pool, { prefix: freshPrefix(), history, onError: () => {} }),
    });
});
