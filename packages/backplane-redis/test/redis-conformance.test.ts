import { backplaneConformance, freshSeed, seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, beforeAll, describe, it } from "vitest";
import { announce, RedisServer } from "./redis-server.ts";
import { storesOn } from "./store.ts";

describe.skipIf(!announce("the backplane kit over Redis"))("redis", () => {
  let server: RedisServer;
  let proxied: { readonly port: number; close(): Promise<void> };
  const seed = freshSeed();

  beforeAll(async () => {
    server = await RedisServer.start();
    proxied = await startFaultProxy({
      target: server.port,
      random: seededRandom(seed),
      plan: (_, random) => ({
        up: { latency: random.int(2), jitter: random.int(3), slice: 1 + random.int(200), slicedBytes: 8_192 },
        down: {
          latency: random.int(2),
          jitter: random.int(3),
          slice: 1 + random.int(200),
          slicedBytes: 8_192,
        },
      }),
    });
  });
  afterAll(async () => {
    await proxied.close();
    await server.remove();
  });

  const use = (): RedisServer => server;
  const ioredis = (port: number): Redis => new Redis({ port, lazyConnect: true });

  backplaneConformance(
    storesOn(use, () => ioredis(server.port)),
    { name: "redis by ioredis", describe, it },
  );
  backplaneConformance(
    storesOn(use, () => createClient({ url: server.url })),
    { name: "redis by node-redis", describe, it },
  );
  backplaneConformance(
    storesOn(use, () => ioredis(proxied.port)),
    { name: "redis through faults", describe, it, seed },
  );
});
