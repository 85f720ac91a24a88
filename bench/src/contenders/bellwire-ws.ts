/** Bellwire over WebSocket. */
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { type Contender, FAN_OUT_TOPIC } from "../contender.ts";
import { listen } from "../wire/listen.ts";
import { clientFrame, upgradeRequest } from "../wire/ws-frames.ts";
import { connectChannel, HELLO, subscribeMessage } from "./app-client.ts";
import { serveHub } from "./workout-app.ts";

export const contender: Contender = {
  name: "Bellwire ws",
  kind: "wire",
  recovers: true,
  serve: (order) => serveHub(order, (hub) => listen((server) => attachWebSocket(hub, server))),
  connect: (order) =>
    connectChannel(webSocketTransport({ url: `ws://127.0.0.1:${order.port}/bellwire` }), order),
  load: {
    request: upgradeRequest("/bellwire"),
    steps: [
      { until: "\r\n\r\n", act: (connection) => connection.write(clientFrame(HELLO)) },
      {
        until: `{"type":"welcome"`,
        act: (connection) => connection.write(clientFrame(subscribeMessage(FAN_OUT_TOPIC))),
      },
      { until: `{"type":"subscribed"` },
    ],
  },
};
