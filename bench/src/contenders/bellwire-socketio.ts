/** Bellwire over Socket.IO. */
import { socketIoTransport } from "@bellwire/adapter-socketio/client";
import { attachSocketIo } from "@bellwire/adapter-socketio/server";
import { type Contender, FAN_OUT_TOPIC } from "../contender.ts";
import { clientFrame, upgradeRequest } from "../wire/ws-frames.ts";
import { connectChannel, HELLO, subscribeMessage } from "./app-client.ts";
import { listenSocketIo, UPGRADE } from "./raw-socketio.ts";
import { serveHub } from "./workout-app.ts";

const NAMESPACE = "/bellwire";

/** A packet of Bellwire's client, on its namespace. */
function packet(message: string): Buffer {
  return clientFrame(`42${NAMESPACE},["bellwire",${message}]`);
}

/** Bellwire over Socket.IO, by one of its transports. */
export function bellwireSocketIo(name: string, carrier: "websocket" | "polling"): Contender {
  return {
    name,
    kind: "wire",
    recovers: true,
    // The same options as the bare library's, so that only our layer is between the two.
    serve: (order) =>
      serveHub(order, (hub) => listenSocketIo((io) => attachSocketIo(hub, io, { namespace: NAMESPACE }))),
    connect(order) {
      const url = `http://127.0.0.1:${order.port}${NAMESPACE}`;
      return connectChannel(socketIoTransport({ url, path: "/socket.io", transports: [carrier] }), order);
    },
  };
}

export const contender: Contender = {
  ...bellwireSocketIo("Bellwire socketio", "websocket"),
  load: {
    request: upgradeRequest(UPGRADE),
    steps: [
      {
        until: `"maxPayload"`,
        act: (connection) => connection.write(clientFrame(`40${NAMESPACE},{"bellwire":1}`)),
      },
      { until: `40${NAMESPACE},{"sid"`, act: (connection) => connection.write(packet(HELLO)) },
      {
        until: `{"type":"welcome"`,
        act: (connection) => connection.write(packet(subscribeMessage(FAN_OUT_TOPIC))),
      },
      { until: `{"type":"subscribed"` },
    ],
  },
};
