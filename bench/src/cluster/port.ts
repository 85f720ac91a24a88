/** HTTP servers of the cluster: a server that comes back has the port that it had. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** Listens on a port of 127.0.0.1; 0: any. */
export async function servePort(
  port: number,
  attach: (server: Server) => unknown,
): Promise<{ readonly port: number; readonly close: () => Promise<void> }> {
  const server = createServer();
  attach(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host: "127.0.0.1", backlog: 4_096 }, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
