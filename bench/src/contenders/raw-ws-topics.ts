/**
 * Control of the replay: what a team writes by hand on the bare `ws` library, a map of topics and JSON texts, and none of
 * our code. No positions, no recovery, no validation.
 */
import { type WebSocket as Socket, WebSocket, WebSocketServer } from "ws";
import type { ClientOrder, Contender, ServerHalf } from "../contender.ts";
import { listen } from "../wire/listen.ts";
import { messageText } from "../wire/message-text.ts";

async function serve(): Promise<ServerHalf> {
  const topics = new Map<string, Set<Socket>>();
  const { port, bytesWritten } = await listen((server) => {
    new WebSocketServer({ server }).on("connection", (socket) => {
      socket.on("message", (text) => {
        const { subscribe } = JSON.parse(messageText(text)) as { subscribe: string[] };
        for (const topic of subscribe) {
          const members = topics.get(topic) ?? new Set();
          members.add(socket);
          topics.set(topic, members);
        }
        socket.send(JSON.stringify({ subscribed: subscribe.length }));
      });
      socket.on("close", () => {
        for (const members of topics.values()) members.delete(socket);
      });
    });
  });
  return {
    port,
    bytesWritten,
    failures: () => 0,
    publish(notices) {
      for (const notice of notices) {
        const text = JSON.stringify(notice);
        for (const client of topics.get(notice.topic) ?? []) client.send(text);
      }
    },
  };
}

function connect({ port, topics, received, troubled }: ClientOrder): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    socket.on("open", () => socket.send(JSON.stringify({ subscribe: topics })));
    socket.on("message", (text) => {
      const message = JSON.parse(messageText(text)) as { subscribed?: number; topic: string; data: unknown };
      if (message.subscribed === undefined) received(message.topic, message.data);
      else resolve();
    });
    socket.on("error", reject);
    socket.on("close", () => troubled("the connection was lost"));
  });
}

export const contender: Contender = {
  name: "raw ws, own topic map",
  kind: "control",
  scenarios: ["replay"],
  serve,
  connect,
};
