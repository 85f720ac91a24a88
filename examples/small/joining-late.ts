/**
 * Joining late: a list begins with the newest notifications and loads older ones on demand, and a
 * snapshot of a table joins the stream that changes it. `npx tsx joining-late.ts`
 */
import { createServer } from "node:http";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { command, defineTopics } from "@bellwire/core";
import { createChannel, historyList, withHistory } from "@bellwire/core/client";
import { createHub } from "@bellwire/core/server";
import { z } from "zod";
import { listen } from "./listen.ts";

const position = z.object({ epoch: z.string(), offset: z.number() });
const topics = defineTopics({
  "stock.{shop}": { changed: z.object({ item: z.string(), left: z.number() }) },
  shops: { read: command(z.object({}), z.object({ position, left: z.record(z.string(), z.number()) })) },
});

const hub = createHub({ topics });
const left: Record<string, number> = {};
async function sell(item: string, now: number): Promise<void> {
  left[item] = now;
  await hub.publish("stock.rome", "changed", { item, left: now });
}
hub.handle("shops", "read", async () => {
  const before = await hub.position("stock.rome"); // before the query, so that nothing is missed
  return { position: before, left: { ...left } };
});
const server = createServer();
attachWebSocket(hub, server);
const url = `ws://localhost:${await listen(server)}/bellwire`;

for (const now of [9, 8, 7, 6]) await sell("tea", now);

const channel = withHistory(createChannel({ topics, transport: webSocketTransport({ url }) }));

// The bell: the newest two, then live ones.
const bell = channel.subscribe("stock.rome", { history: 2 });
void bell.ready().then(() => sell("tea", 5));
for await (const { data } of bell) {
  console.log(`bell: ${data.left} ${data.item}`);
  if (data.left === 5) break;
}

// The list: a page, and older ones on demand.
await new Promise<void>((resolve) => {
  const list = historyList(channel, channel.subscribe("stock.rome"), {
    limit: () => 3,
    changed({ notifications, hasOlder, loading }): void {
      if (loading) return;
      console.log(`list: ${notifications.map(({ data }) => data.left).join(" ")}`);
      if (hasOlder) return list.loadOlder();
      list.stop();
      resolve();
    },
  });
});

// The table: a snapshot, then what changes it.
const table = channel.subscribe("stock.rome", {
  state: async () => (await channel.publish("shops", "read", {})).data,
});
await new Promise<void>((resolve) => {
  table.onState((state) => {
    console.log(`table: ${JSON.stringify(state.left)}`);
    void sell("coffee", 3);
  });
  table.on("changed", ({ data }) => {
    console.log(`table: ${data.item} is now ${data.left}`);
    resolve();
  });
});

channel.close();
await hub.close();
server.close();
