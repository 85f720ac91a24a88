// server.ts
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { attachFrom, backplaneFrom, createHub } from "@bellwire/core/server";
import { topics } from "./topics.ts";

const config = JSON.parse(await readFile(new URL("bellwire.json", import.meta.url), "utf8"));
const hub = createHub({ topics, backplane: await backplaneFrom(config) });
const server = createServer();
await attachFrom(hub, server, config, {
  ws: async () => (await import("@bellwire/adapter-ws/server")).attachWebSocket,
  sse: async () => (await import("@bellwire/adapter-sse/server")).attachSse,
  socketio: async () => (await import("@bellwire/adapter-socketio/server")).attachSocketIo,
  pusher: async () => (await import("@bellwire/adapter-pusher/server")).attachPusher,
});
server.listen(Number(process.env.PORT ?? 8080), () => {
  console.log(`listening on ${(server.address() as AddressInfo).port}`);
});

setInterval(() => void hub.publish("workouts.42", "completed", { workoutId: "w1", calories: 320 }), 500);
