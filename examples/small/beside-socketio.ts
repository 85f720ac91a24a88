/**
 * A Socket.IO server that has events of its own adopts Bellwire on a namespace beside them. `npx
 * tsx beside-socketio.ts`
 */
import { createServer } from "node:http";
import { socketIoTransport } from "@bellwire/adapter-socketio/client";
import { attachSocketIo } from "@bellwire/adapter-socketio/server";
import { defineTopics } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { createHub } from "@bellwire/core/server";
import { Server } from "socket.io";
import { io as connect } from "socket.io-client";
import { z } from "zod";
import { listen } from "./listen.ts";

// The existing program: a Socket.IO server and its own event.
const server = createServer();
const io = new Server(server);
io.on("connection", (socket) => {
  socket.on("ask", (question: string, answer: (text: string) => void) => answer(`${question}? 42.`));
});

// The new part: one topic on Bellwire, on a namespace of the same server.
const topics = defineTopics({ news: { posted: z.object({ title: z.string() }) } });
const hub = createHub({ topics });
attachSocketIo(hub, io); // on the namespace /bellwire

const host = `http://localhost:${await listen(server)}`;

// The old client goes on as before, and may listen to the topic without a new library.
const old = connect(host);
console.log(await old.emitWithAck("ask", "The answer"));
const stock = connect(`${host}/bellwire`);
const heard = new Promise<{ title: string }>((resolve) => stock.on("posted", resolve));
await stock.emitWithAck("subscribe", "news");

// A new client gets types, positions and replay.
const channel = createChannel({
  topics,
  transport: socketIoTransport({ url: host }),
});
const news = channel.subscribe("news");
await news.ready();
await hub.publish("news", "posted", { title: "Two clients, one server" });
for await (const { data, position } of news) {
  console.log(`Bellwire's client: ${data.title}, at ${position.offset}`);
  break;
}
console.log(`stock client: ${(await heard).title}`);

channel.close();
stock.close();
old.close();
await hub.close();
await io.close();
