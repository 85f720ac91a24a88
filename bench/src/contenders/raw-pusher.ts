/**
 * The bare libraries of the Pusher wire: the `pusher` SDK publishes by HTTP, as with the hosted
 * service, and `pusher-js` listens. The server of the protocol is our emulator, as there is none
 * else here, and it shares the process with the SDK: the server's CPU is that of both ends of the
 * HTTP request, which no bare library on another wire has to pay. Acknowledged publishes are
 * unknown to the protocol.
 */
import { attachPusher } from "@bellwire/adapter-pusher/server";
import { type ClientHalf, type ClientOrder, type Contender, FAN_OUT_TOPIC } from "../contender.ts";
import { SCENARIO_NAMES } from "../names.ts";
import { listen } from "../wire/listen.ts";
import { clientFrame, upgradeRequest } from "../wire/ws-frames.ts";
import { PUSHER_APP as app, openPusher } from "./pusher-libraries.ts";
import { HttpPublisher } from "./pusher-publisher.ts";
import { serveHub } from "./workout-app.ts";

/** Milliseconds: the library waits for a second and gives an attempt 15. */
const COMES_BACK_WITHIN = 16_000;

function connect({ port, topics, received, troubled, comesBack }: ClientOrder): Promise<ClientHalf> {
  const pusher = openPusher(app.key, port);
  return new Promise((resolve, reject) => {
    const half: ClientHalf = {
      live: () => pusher.connection.state === "connected",
      close: () => pusher.disconnect(),
    };
    if (topics.length === 0) resolve(half);
    let missing = topics.length;
    for (const topic of topics) {
      const channel = pusher.subscribe(topic);
      channel.bind_global((event: string, data: unknown) => {
        if (!event.startsWith("pusher:")) received(topic, data);
      });
      channel.bind("pusher:subscription_succeeded", () => {
        missing -= 1;
        if (missing === 0) resolve(half);
      });
      channel.bind("pusher:subscription_error", () => reject(new Error(`${topic} was refused`)));
    }
    pusher.connection.bind("state_change", ({ current }: { readonly current: string }) => {
      if (!comesBack && current === "unavailable") troubled("the connection was lost");
    });
  });
}

export const contender: Contender = {
  name: "raw Pusher",
  kind: "bare",
  caveats: ["emulator", "published by HTTP"],
  // A publish by HTTP is written turns later, so a slice of the fan-out would not see its cost; and
  // the protocol's 10 KB are less than it takes to fill a slow consumer.
  scenarios: SCENARIO_NAMES.filter((name) => name !== "fan-out" && name !== "slow-consumer"),
  recovers: false,
  comesBackWithin: COMES_BACK_WITHIN,
  async serve(order) {
    const hub = await serveHub(order, (own) => listen((server) => attachPusher(own, server, { app })));
    const publisher = new HttpPublisher(app, hub.port);
    return {
      ...hub,
      publish: (notices) => publisher.publish(notices),
      failures: () => hub.failures() + publisher.failures,
      async close() {
        publisher.close();
        await hub.close();
      },
    };
  },
  connect,
  load: {
    request: upgradeRequest(`/app/${app.key}?protocol=7&client=js&version=8.6.0&flash=false`),
    steps: [
      {
        until: "pusher:connection_established",
        act: (connection) =>
          connection.write(
            clientFrame(`{"event":"pusher:subscribe","data":{"auth":"","channel":"${FAN_OUT_TOPIC}"}}`),
          ),
      },
      { until: "pusher_internal:subscription_succeeded" },
    ],
  },
};
