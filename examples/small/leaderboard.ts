/**
 * A leaderboard with conflation: a reader on a slow line gets the newest score of each player
 * instead of every score there ever was. `npx tsx leaderboard.ts`
 */
import { createServer } from "node:http";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { conflated, defineTopics } from "@bellwire/core";
import { createHub } from "@bellwire/core/server";
import { WebSocket } from "ws";
import { z } from "zod";
import { listen } from "./listen.ts";

const score = z.object({ player: z.string(), points: z.number(), picture: z.string() });
const picture = `https://example.com/players/${"0123456789".repeat(30)}.png`;
const topics = defineTopics({
  "leaderboards.{board}": { score: conflated(score, { key: ({ player }) => player }) },
});

const hub = createHub({ topics, limits: { queueMessages: 100_000, queueBytes: 4_194_304 } });
const server = createServer();
attachWebSocket(hub, server);
const port = await listen(server);

// A reader whose line stands still, so by a plain WebSocket that stops to read. PROTOCOL.md says
// what it writes.
const reader = new WebSocket(`ws://localhost:${port}/bellwire`);
const newest = new Map<string, number>();
let received = 0;
reader.on("message", (text: Buffer) => {
  const message = JSON.parse(text.toString()) as
    | ["n", string, string, z.infer<typeof score>]
    | { type: string };
  if (!Array.isArray(message)) {
    if (message.type === "welcome")
      reader.send(JSON.stringify({ type: "subscribe", ref: 1, topic: "leaderboards.club" }));
    else if (message.type === "subscribed") subscribed();
    return;
  }
  const [, , , { player, points }] = message;
  received += 1;
  newest.set(player, points);
});
let subscribed = (): void => {};
const ready = new Promise<void>((resolve) => (subscribed = resolve));
reader.on("open", () => reader.send(JSON.stringify({ type: "hello", protocol: 1, session: "reader" })));
await ready;

reader.pause();
const ROUNDS = 100_000;
for (let points = 1; points <= ROUNDS; points += 1) {
  await hub.publish("leaderboards.club", "score", { player: `player ${points % 5}`, points, picture });
  // Let the sockets write now and then, as between requests.
  if (points % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
}
reader.resume();
const complete = (): boolean => Math.max(0, ...newest.values()) === ROUNDS;
while (!complete()) await new Promise((resolve) => setTimeout(resolve, 10));

console.log(
  `published ${ROUNDS}, the slow consumer got ${received < ROUNDS / 2 ? "far fewer" : "nearly all"}`,
);
for (const [player, points] of [...newest].sort(([a], [b]) => a.localeCompare(b)))
  console.log(`${player}: ${points}`);
reader.terminate();
await hub.close();
server.close();
