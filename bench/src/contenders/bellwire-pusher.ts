/**
 * Bellwire over Pusher's protocol: the emulator before the hub, pusher-js before the channel. Not
 * the hosted service.
 */
import { pusherTransport } from "@bellwire/adapter-pusher/client";
import { attachPusher } from "@bellwire/adapter-pusher/server";
import { type Contender, FAN_OUT_TOPIC } from "../contender.ts";
import { listen } from "../wire/listen.ts";
import { clientFrame, upgradeRequest } from "../wire/ws-frames.ts";
import { connectChannel, HELLO, subscribeMessage } from "./app-client.ts";
import { PUSHER_APP as app } from "./pusher-libraries.ts";
import { serveHub } from "./workout-app.ts";

/** A message of Bellwire's client, as the event that carries it. */
function event(message: string): Buffer {
  return clientFrame(`{"event":"bellwire:message","data":${message}}`);
}

export const contender: Contender = {
  name: "Bellwire pusher (emulator)",
  kind: "wire",
  caveats: ["emulator"],
  recovers: true,
  serve: (order) => serveHub(order, (hub) => listen((server) => attachPusher(hub, server, { app }))),
  connect: (order) =>
    connectChannel(pusherTransport({ key: app.key, url: `ws://127.0.0.1:${order.port}` }), order),
  load: {
    request: upgradeRequest(`/bellwire/app/${app.key}?protocol=7`),
    steps: [
      { until: "pusher:connection_established", act: (connection) => connection.write(event(HELLO)) },
      {
        until: `{"type":"welcome"`,
        act: (connection) => connection.write(event(subscribeMessage(FAN_OUT_TOPIC))),
      },
      { until: `{"type":"subscribed"` },
    ],
  },
};
