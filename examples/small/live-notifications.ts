/**
 * Live notifications: what came while a device was off comes when it is on again, in order and
 * once. `npx tsx live-notifications.ts`
 */
import { createServer } from "node:http";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { defineTopics } from "@bellwire/core";
import { createChannel, storedPositions } from "@bellwire/core/client";
import { createHub } from "@bellwire/core/server";
import { z } from "zod";
import { listen } from "./listen.ts";

const topics = defineTopics({ "orders.{customer}": { shipped: z.object({ parcel: z.string() }) } });

const hub = createHub({ topics });
const server = createServer();
attachWebSocket(hub, server);
const url = `ws://localhost:${await listen(server)}/bellwire`;

// The store that a browser keeps in localStorage.
const storage = new Map<string, string>();
const positions = storedPositions({
  getItem: (key) => storage.get(key) ?? null,
  setItem: (key, value) => void storage.set(key, value),
});

/** The device is on until `count` notifications have come; `whenOn` happens once it listens. */
async function deviceIsOn(count: number, whenOn: () => unknown = () => {}): Promise<void> {
  console.log("device on");
  const channel = createChannel({ topics, transport: webSocketTransport({ url }), positions });
  const orders = channel.subscribe("orders.anna");
  orders.onGap(({ reason }) => console.log(`some are missing: ${reason}`));
  void orders.ready().then(whenOn);
  let left = count;
  for await (const { data, position } of orders) {
    console.log(`parcel ${data.parcel} at ${position.offset}`);
    left -= 1;
    if (left === 0) break;
  }
  channel.close();
  console.log("device off");
}

await deviceIsOn(1, () => hub.publish("orders.anna", "shipped", { parcel: "1" }));
await hub.publish("orders.anna", "shipped", { parcel: "2" });
await hub.publish("orders.anna", "shipped", { parcel: "3" });
await deviceIsOn(2);

await hub.close();
server.close();
