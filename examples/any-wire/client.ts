// client.ts
import { readFile } from "node:fs/promises";
import { createChannel, transportFrom } from "@bellwire/core/client";
import { topics } from "./topics.ts";

// { "provider": "ws", "url": "ws://localhost:8080/bellwire" }
const file = process.env.BELLWIRE_CONFIG ?? "client.json";
const config = process.env.BELLWIRE_URL ?? JSON.parse(await readFile(file, "utf8"));
const providers = {
  ws: async () => (await import("@bellwire/adapter-ws/client")).webSocketTransport,
  sse: async () => (await import("@bellwire/adapter-sse/client")).sseTransport,
  socketio: async () => (await import("@bellwire/adapter-socketio/client")).socketIoTransport,
  pusher: async () => (await import("@bellwire/adapter-pusher/client")).pusherTransport,
};
const transport = await transportFrom(config, providers);
const channel = createChannel({ topics, transport, requires: ["history"] });
const workouts = channel.subscribe("workouts.42");
workouts.on("completed", ({ data }) => console.log(`${data.calories} kcal over ${transport.name}`));
workouts.onGap(({ reason }) => console.log(`reload: ${reason}`));
