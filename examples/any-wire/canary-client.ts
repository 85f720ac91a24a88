// canary-client.ts
import { sseTransport } from "@bellwire/adapter-sse/client";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { type CanaryReport, canary } from "@bellwire/core/canary";
import { createChannel } from "@bellwire/core/client";
import { topics } from "./topics.ts";

const host = process.env.HOST ?? "localhost:8080";
const transport = canary({
  primary: webSocketTransport({ url: `ws://${host}/bellwire` }),
  candidate: sseTransport({ url: `http://${host}/bellwire/sse` }),
  share: Number(process.env.SHARE ?? 0.01), // one client in a hundred
  report: (report: CanaryReport) =>
    fetch(`http://${host}/canary`, { method: "POST", body: JSON.stringify(report), keepalive: true }),
});
const channel = createChannel({ topics, transport });
const workouts = channel.subscribe("workouts.42");
workouts.on("completed", ({ data }) => console.log(`${data.calories} kcal over ${transport.name}`));
workouts.onGap(({ reason }) => console.log(`reload: ${reason}`));

// In a page: addEventListener("pagehide", () => channel.close()).
process.once("SIGTERM", () => channel.close());
