// client.ts
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { createChannel } from "@bellwire/core/client";
import { topics } from "./topics.ts";

// The only line that knows the transport.
const transport = webSocketTransport({ url: "ws://localhost:8080/bellwire" });
const channel = createChannel({ topics, transport });
const workouts = channel.subscribe("workouts.42");
workouts.on("completed", ({ data }) => console.log(`${data.calories} kcal`)); // typed and validated
workouts.onGap(({ reason }) => console.log(`reload: ${reason}`)); // never silent
