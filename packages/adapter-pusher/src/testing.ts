/** The Pusher transport's rig, for the conformance kit and the benchmark. */
import { httpRig, type Rig } from "@bellwire/core/conformance";
import { pusherTransport } from "./client.ts";
import { attachPusher } from "./server.ts";

const app = { id: "1", key: "bellwire", secret: "for tests" };

/** Starts servers of Pusher's protocol on port 0 of 127.0.0.1, with pusher-js as the client. */
export const pusherRig: Rig = httpRig(
  "pusher",
  (hub, server) => attachPusher(hub, server, { app }),
  (port) => pusherTransport({ key: app.key, url: `ws://127.0.0.1:${port}` }),
);
