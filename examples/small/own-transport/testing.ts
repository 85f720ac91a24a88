/** The rig of the transport over TCP. */
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Rig } from "@bellwire/core/conformance";
import { tcpTransport } from "./client.ts";
import { attachTcp } from "./server.ts";

export const tcpRig: Rig = {
  name: "tcp",
  async start(hub) {
    const server = createServer();
    const sockets = new Set<Socket>();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    attachTcp(hub, server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return {
      port,
      transport: (through = port) => tcpTransport({ port: through }),
      async stop() {
        const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
        for (const socket of sockets) socket.destroy();
        await stopped;
      },
    };
  },
};
