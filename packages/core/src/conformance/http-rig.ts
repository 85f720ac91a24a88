/** Makes the rig of an adapter that is mounted on an HTTP server. */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Transport } from "../link.ts";
import type { LinkAcceptor } from "../server/acceptor.ts";
import type { Rig } from "./rig.ts";

/**
 * A rig that starts HTTP servers on port 0 of 127.0.0.1. `attach` mounts the adapter's server half,
 * and `transport` makes a transport that connects to a port.
 */
export function httpRig(
  name: string,
  attach: (hub: LinkAcceptor, server: Server) => unknown,
  transport: (port: number) => Transport,
): Rig {
  return {
    name,
    async start(hub) {
      const server = createServer();
      const sockets = new Set<Socket>();
      server.on("connection", (socket) => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
      });
      attach(hub, server);
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const { port } = server.address() as AddressInfo;
      return {
        port,
        transport: (through = port) => transport(through),
        async stop() {
          const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
          // The HTTP server does not count upgraded sockets as its own, and would wait for them.
          for (const socket of sockets) socket.destroy();
          await stopped;
        },
      };
    },
  };
}
