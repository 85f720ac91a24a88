/** Two hubs, as of two processes, on one engine. `npx tsx -C @bellwire/source own-backplane.ts` */
import { defineTopics, type } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub } from "@bellwire/core/server";
import { engineBackplane } from "./own-backplane/backplane.ts";
import { Engine } from "./own-backplane/engine.ts";

const topics = defineTopics({ "workouts.{user}": { completed: type<{ readonly calories: number }>() } });
const engine = new Engine();
const [one, other] = [engineBackplane(engine), engineBackplane(engine)];
const [publishing, serving] = [
  createHub({ topics, backplane: one }),
  createHub({ topics, backplane: other }),
];

const channel = createChannel({ topics, transport: memoryTransport(serving) });
const workouts = channel.subscribe("workouts.42");
await workouts.ready();
await publishing.publish("workouts.42", "completed", { calories: 320 });
for await (const { data, position } of workouts) {
  console.log(`${data.calories} kcal at ${position.offset}, through the other hub`);
  break;
}
channel.close();
await publishing.close();
await serving.close();
