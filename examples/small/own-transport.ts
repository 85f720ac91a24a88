/** A hub over a transport of its own. `npx tsx -C @bellwire/source own-transport.ts` */
import { type AddressInfo, createServer } from "node:net";
import { defineTopics, type } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { createHub } from "@bellwire/core/server";
import { tcpTransport } from "./own-transport/client.ts";
import { attachTcp } from "./own-transport/server.ts";

const topics = defineTopics({ "workouts.{user}": { completed: type<{ readonly calories: number }>() } });
const hub = createHub({ topics });
const server = createServer();
attachTcp(hub, server);
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as AddressInfo;

const channel = createChannel({ topics, transport: tcpTransport({ port }) });
const workouts = channel.subscribe("workouts.42");
await workouts.ready();
await hub.publish("workouts.42", "completed", { calories: 320 });
for await (const { data, position } of workouts) {
  console.log(`${data.calories} kcal at ${position.offset}, over tcp`);
  break;
}
channel.close();
await hub.close();
server.close();
