/** The WebSocket wire for the conformance kit and the benchmark. */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Rig } from "@bellwire/core/conformance";
import { webSocketTransport } from "./client.ts";
import { attachWebSocket } from "./server.ts";

/** Starts WebSocket servers on port 0 of 127.0.0.1. */
export const webSocketRig: Rig = {
  name: "ws",
  async start(hub) {
    const server: Server = createServer();
    const sockets = new Set<Socket>();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    attachWebSocket(hub, server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return {
      port,
      transport: (through = port) => webSocketTransport({ url: `ws://127.0.0.1:${through}/bellwire` }),
      async stop() {
        const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
        // Upgraded sockets are no longer the HTTP server's own, and it would wait for them.
        for (const socket of sockets) socket.destroy();
        await stopped;
      },
    };
  },
};
