/** An HTTP server on a free loopback port that counts what its sockets write. */
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A listening server and its meter. */
export interface Listening {
  readonly server: Server;
  readonly port: number;
  /** Bytes handed to the operating system so far, closed sockets included. */
  readonly bytesWritten: () => number;
  /** Stops listening and destroys every connection. */
  readonly close: () => Promise<void>;
}

/** Starts the server after `prepare` has attached what serves on it. */
export async function listen(prepare: (server: Server) => void): Promise<Listening> {
  const server = createServer();
  const open = new Set<Socket>();
  let closed = 0;
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      closed += socket.bytesWritten;
    });
  });
  prepare(server);
  // A thousand clients connect at once; the default backlog of 511 would make some of them wait a
  // second.
  await new Promise<void>((resolve) =>
    server.listen({ port: 0, host: "127.0.0.1", backlog: 4_096 }, resolve),
  );
  return {
    server,
    port: (server.address() as AddressInfo).port,
    bytesWritten() {
      let bytes = closed;
      for (const socket of open) bytes += socket.bytesWritten;
      return bytes;
    },
    close() {
      for (const socket of open) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
