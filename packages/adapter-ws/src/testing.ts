/** The WebSocket transport's rig, for the conformance kit and the benchmark. */
import { httpRig, type Rig } from "@bellwire/core/conformance";
import { webSocketTransport } from "./client.ts";
import { attachWebSocket } from "./server.ts";

/** Starts WebSocket servers on port 0 of 127.0.0.1. */
export const webSocketRig: Rig = httpRig("ws", attachWebSocket, (port) =>
  webSocketTransport({ url: `ws://127.0.0.1:${port}/bellwire` }),
);
