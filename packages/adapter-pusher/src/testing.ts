/** The Pusher wire for the conformance kit and the benchmark: the emulator before the hub, pusher-js before the channel. */
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Rig } from "@bellwire/core/conformance";
import { pusherTransport } from "./client.ts";
import { attachPusher } from "./server.ts";

const app = { id: "1", key: "bellwire", secret: "for tests" };

/** Starts emulators on port 0 of 127.0.0.1. */
export const pusherRig: Rig = {
  name: "pusher",
  async start(hub) {
    const server = createServer();
    const sockets = new Set<Socket>();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    attachPusher(hub, server, { app });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return {
      port,
      transport: (through = port) => pusherTransport({ key: app.key, url: `ws://127.0.0.1:${through}` }),
      async stop() {
        const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
        // Upgraded sockets are no longer the HTTP server's own, and it would wait for them.
        for (const socket of sockets) socket.destroy();
        await stopped;
      },
    };
  },
};
