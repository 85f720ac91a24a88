/** Bellwire over WebSocket where that gets through, and over SSE where it does not. */
import { sseTransport } from "@bellwire/adapter-sse/client";
import { attachSse } from "@bellwire/adapter-sse/server";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import { fallback } from "@bellwire/core/client";
import type { Contender } from "../contender.ts";
import { listen } from "../wire/listen.ts";
import { connectChannel } from "./app-client.ts";
import { serveHub } from "./workout-app.ts";

export const contender: Contender = {
  name: "Bellwire fallback(ws, sse)",
  kind: "wire",
  scenarios: ["blocked-websocket"],
  recovers: true,
  serve: (order) =>
    serveHub(order, (hub) =>
      listen((server) => {
        attachWebSocket(hub, server);
        attachSse(hub, server);
      }),
    ),
  connect: (order) => {
    const host = `127.0.0.1:${order.port}/bellwire`;
    const transports = [
      webSocketTransport({ url: `ws://${host}` }),
      sseTransport({ url: `http://${host}/sse` }),
    ];
    return connectChannel(fallback(transports), order);
  },
};
