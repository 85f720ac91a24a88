/** Bellwire over WebSocket, on a hub over a Redis of its own. */
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { redisBackplane } from "@bellwire/backplane-redis";
import { Redis } from "ioredis";
import type { Contender } from "../contender.ts";
import { startRedis } from "../engines/redis.ts";
import { listen } from "../wire/listen.ts";
import { contender as ws } from "./bellwire-ws.ts";
import { OVER_ENGINE } from "./engine-scenarios.ts";
import { serveHub } from "./workout-app.ts";

export const contender: Contender = {
  ...ws,
  name: "Bellwire ws, Redis",
  scenarios: OVER_ENGINE,
  async serve(order) {
    const server = await startRedis();
    // The backplane makes connections like it.
    const client = new Redis({ port: server.port, host: "127.0.0.1", lazyConnect: true });
    const backplane = redisBackplane(client, { timeout: 30_000 });
    const half = await serveHub(order, (hub) => listen((http) => attachWebSocket(hub, http)), { backplane });
    return {
      ...half,
      async close() {
        await half.close();
        await backplane.close();
        client.disconnect();
        await server.stop();
      },
    };
  },
};
