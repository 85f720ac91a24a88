/**
 * Every transport passes the kit on hubs over Redis. The engine has its faults in
 * `npm run test:cluster`.
 */
import { pusherRig } from "@bellwire/adapter-pusher/testing";
import { socketIoRig } from "@bellwire/adapter-socketio/testing";
import { sseRig } from "@bellwire/adapter-sse/testing";
import { webSocketRig } from "@bellwire/adapter-ws/testing";
import { redisBackplane } from "@bellwire/backplane-redis";
import { conformance, memoryRig } from "@bellwire/core/conformance";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, it } from "vitest";
import { announce, RedisServer } from "./redis-server.ts";
import { freshPrefix } from "./store.ts";

describe.skipIf(!announce("the transport kit over Redis"))("over Redis", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.remove());

  for (const rig of [memoryRig, webSocketRig, sseRig, socketIoRig, pusherRig])
    conformance(rig, {
      it,
      describe: (name, register) => !name.endsWith("faults") && describe(name, register),
      backplane: (history) =>
        redisBackplane(new Redis({ port: server.port, lazyConnect: true }), {
          prefix: freshPrefix(),
          history,
        }),
    });
});
