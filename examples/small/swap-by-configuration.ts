/**
 * The wire is configuration: the same program over any URL. `BELLWIRE=sse npx tsx
 * swap-by-configuration.ts`
 */
import { createServer } from "node:http";
import { defineTopics } from "@bellwire/core";
import { createChannel, transportFrom } from "@bellwire/core/client";
import { attachFrom, createHub } from "@bellwire/core/server";
import { z } from "zod";
import { listen } from "./listen.ts";

const topics = defineTopics({ "workouts.{userId}": { completed: z.object({ calories: z.number() }) } });

// One file in a real program: {"transports":[{"provider":"ws"},{"provider":"sse"}, …]}
const app = { id: "1", key: "key", secret: "secret" };
const config = {
  transports: [
    { provider: "ws" },
    { provider: "sse" },
    { provider: "socketio" },
    { provider: "pusher", app },
  ],
};

const hub = createHub({ topics });
const server = createServer();
await attachFrom(hub, server, config, {
  ws: async () => (await import("@bellwire/adapter-ws/server")).attachWebSocket,
  sse: async () => (await import("@bellwire/adapter-sse/server")).attachSse,
  socketio: async () => (await import("@bellwire/adapter-socketio/server")).attachSocketIo,
  pusher: async () => (await import("@bellwire/adapter-pusher/server")).attachPusher,
});
const host = `localhost:${await listen(server)}`;

const urls: Record<string, string> = {
  ws: `ws://${host}/bellwire`,
  sse: `sse+http://${host}/bellwire/sse`,
  socketio: `socketio+http://${host}`,
  pusher: `pusher+ws://key@${host}`,
};
const transport = await transportFrom(urls[process.env.BELLWIRE ?? "ws"] as string, {
  ws: async () => (await import("@bellwire/adapter-ws/client")).webSocketTransport,
  sse: async () => (await import("@bellwire/adapter-sse/client")).sseTransport,
  socketio: async () => (await import("@bellwire/adapter-socketio/client")).socketIoTransport,
  pusher: async () => (await import("@bellwire/adapter-pusher/client")).pusherTransport,
});

const channel = createChannel({ topics, transport });
const workouts = channel.subscribe("workouts.42");
await workouts.ready();
await hub.publish("workouts.42", "completed", { calories: 320 });
for await (const { data } of workouts) {
  console.log(`${data.calories} kcal over ${transport.name}`);
  break;
}
channel.close();
await hub.close();
server.close();
