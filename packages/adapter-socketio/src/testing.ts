/** The Socket.IO wire for the conformance kit and the benchmark. */
import { createServer } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Rig } from "@bellwire/core/conformance";
import { type SocketIoTransportOptions, socketIoTransport } from "./client.ts";
import { attachSocketIo } from "./server.ts";

/** Starts Socket.IO servers on port 0 of 127.0.0.1; links are WebSockets. */
export const socketIoRig: Rig = rigOf("socketio", ["websocket"]);

/** The same, with links that poll. */
export const socketIoPollingRig: Rig = rigOf("socketio by polling", ["polling"]);

/** The same, with links that poll until they are upgraded. */
export const socketIoUpgradeRig: Rig = rigOf("socketio by upgrade", ["polling", "websocket"]);

function rigOf(name: string, transports: NonNullable<SocketIoTransportOptions["transports"]>): Rig {
  return {
    name,
    async start(hub) {
      const server = createServer();
      const sockets = new Set<Socket>();
      server.on("connection", (socket) => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
      });
      attachSocketIo(hub, server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      return {
        port,
        transport: (through = port) => socketIoTransport({ url: `http://127.0.0.1:${through}`, transports }),
        async stop() {
          const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
          // Upgraded sockets are no longer the HTTP server's own, and it would wait for them.
          for (const socket of sockets) socket.destroy();
          await stopped;
        },
      };
    },
  };
}
