/**
 * A server of Socket.IO in a process of its own, with the Redis Streams adapter and with connection
 * state recovery as their documentation recommends.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdapter } from "@socket.io/redis-streams-adapter";
import { Server } from "socket.io";
import { sleep } from "../measure/clock.ts";
import { redisClient } from "./engine.ts";
import { EVENT, Load, type ServeOrder, type ServerHandlers } from "./server.ts";

/** Milliseconds for the sessions of a server that closes to reach Redis. */
const SESSIONS = 500;

/** See `HalfModule`. */
export function createHalf() {
  let io: Server | undefined;
  let end = (): void => {};
  const load = new Load(async (topic, n) => io?.to(topic).emit(EVENT, { topic, n }));

  const handlers = {
    async serve({ engine, port }: ServeOrder): Promise<number> {
      if (engine.engine !== "redis") throw new Error(`no adapter for ${engine.engine}`);
      const client = redisClient(engine.port);
      await client.ping();
      end = () => client.disconnect();
      const http = createServer();
      io = new Server(http, {
        transports: ["websocket"],
        // Nothing is binary, so that the adapter need not look.
        adapter: createAdapter(client, { onlyPlaintext: true }),
        connectionStateRecovery: { maxDisconnectionDuration: 120_000, skipMiddlewares: true },
      });
      io.on("connection", (socket) => {
        if (!socket.recovered) void socket.join(socket.handshake.auth["topics"] as string[]);
      });
      await new Promise<void>((resolve) =>
        http.listen({ port, host: "127.0.0.1", backlog: 4_096 }, () => resolve()),
      );
      return (http.address() as AddressInfo).port;
    },
    load: (topics: readonly string[], rate: number) => load.start(topics, rate),
    rest: () => load.rest(),
    die(): void {
      process.kill(process.pid, "SIGKILL");
    },
    async leave(): Promise<void> {
      await handlers.close();
      process.exit();
    },
    async close(): Promise<void> {
      await io?.close();
      await sleep(SESSIONS);
      end();
    },
  } satisfies ServerHandlers & Record<string, unknown>;
  return handlers;
}
