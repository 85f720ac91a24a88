/**
 * Chat: messages are kept and replayed, "is typing" is worth nothing late, and the author is spared
 * the echo. `npx tsx chat.ts`
 */
import { createServer } from "node:http";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { defineTopics, volatile } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { createHub, type Identity } from "@bellwire/core/server";
import { z } from "zod";
import { listen } from "./listen.ts";

const topics = defineTopics({
  "presence-chat.{room}": {
    message: z.object({ from: z.string(), text: z.string().max(500) }),
    typing: volatile(z.object({ from: z.string() })),
  },
});

const hub = createHub({
  topics,
  // The token is a name here; see private-topics.ts for one that proves something.
  authenticate: ({ token }): Identity | null => (token ? { user: token, info: { name: token } } : null),
  authorize: ({ params }) => params.room === "hall",
});
const server = createServer();
attachWebSocket(hub, server);
const url = `ws://localhost:${await listen(server)}/bellwire`;

function enter(name: string) {
  const channel = createChannel({ topics, transport: webSocketTransport({ url }), token: () => name });
  const room = channel.subscribe("presence-chat.hall");
  room.on("message", ({ data }) => console.log(`${name} reads "${data.text}" from ${data.from}`));
  room.on("typing", ({ data }) => console.log(`${name} sees that ${data.from} is typing`));
  room.onMembers(({ joined }) => {
    for (const { id } of joined) if (id !== name) console.log(`${name} meets ${id}`);
  });
  const say = (text: string) =>
    channel.publish("presence-chat.hall", "message", { from: name, text }, { excludeSelf: true });
  const type = () => channel.publish("presence-chat.hall", "typing", { from: name }, { excludeSelf: true });
  return { room, say, type, leave: () => channel.close() };
}

const anna = enter("anna");
await anna.room.ready();
const ben = enter("ben");
await ben.room.ready();

await anna.type();
await anna.say("How was your run?");
await ben.say("Wet.");

const heard = new Promise((resolve) =>
  anna.room.on("message", ({ data }) => data.text === "And long." && resolve(data)),
);
await ben.say("And long.");
await heard;
anna.leave();
ben.leave();
await hub.close();
server.close();
