/**
 * A wire of one's own: a TCP connection, one message per line. Both halves, and the rig that starts
 * them for real.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { type Capabilities, type CloseCause, type Transport } from "@bellwire/core";
import {
  type ClientMessage,
  decodeClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  encodeOnce,
  encodeServerMessage,
  type Link,
  type LinkObserver,
  type ServerMessage,
} from "@bellwire/core/adapter";
import type { Rig } from "@bellwire/core/conformance";
import { type LinkAcceptor } from "@bellwire/core/server";

const CAPABILITIES = {
  history: "emulated",
  paging: "emulated",
  order: "native",
  acknowledgement: "emulated",
  clientPublish: "native",
  presence: "emulated",
  binary: "none",
  maxMessageBytes: 65_536,
} as const satisfies Capabilities;

/** The client half. */
export function linesTransport(port: number): Transport {
  return {
    name: "lines",
    capabilities: CAPABILITIES,
    connect(observer: LinkObserver<ServerMessage>): Link<ClientMessage> {
      const socket = connect({ port, host: "127.0.0.1", noDelay: true });
      const close = endOf(socket, (cause) => observer.close(cause));
      socket.on("connect", () => observer.open());
      createInterface(socket).on("line", (line) => {
        const decoded = decodeServerMessage(line);
        if (decoded.ok) observer.message(decoded.message);
        else observer.malformed(decoded.reason);
      });
      return {
        get buffered() {
          return socket.writableLength;
        },
        send: (batch) =>
          void socket.write(batch.map((message) => `${encodeClientMessage(message)}\n`).join("")),
        close,
      };
    },
  };
}

/** The server half: what a net.Server does with each connection. */
export function attachLines(hub: LinkAcceptor, server: Server): void {
  const encode = encodeOnce((batch: readonly ServerMessage[]) =>
    Buffer.from(batch.map((message) => `${encodeServerMessage(message)}\n`).join("")),
  );
  server.on("connection", (socket) => {
    socket.setNoDelay(true);
    const close = endOf(socket, (cause) => observer.close(cause));
    const link: Link<ServerMessage> = {
      get buffered() {
        return socket.writableLength;
      },
      send: (batch) => void socket.write(encode(batch)),
      close,
    };
    const { remoteAddress } = socket;
    const observer = hub.accept(link, { transport: "lines", headers: {}, remoteAddress });
    createInterface(socket).on("line", (line) => {
      const decoded = decodeClientMessage(line);
      if (decoded.ok) observer.message(decoded.message, line.length);
      else observer.malformed(decoded.reason);
    });
    observer.open();
  });
}

/** Tells of the socket's end, once, and returns how to bring it about. */
function endOf(socket: Socket, ended: (cause: CloseCause) => void): (cause: CloseCause) => void {
  let cause: CloseCause = { code: "link_lost" };
  socket.on("error", () => {});
  socket.on("close", () => ended(cause));
  return (why) => {
    cause = why;
    socket.destroySoon();
  };
}

/** The rig that the benchmark and the conformance kit need. */
export const linesRig: Rig = {
  name: "lines",
  async start(hub) {
    const server = createServer();
    const sockets = new Set<Socket>();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    });
    attachLines(hub, server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return {
      port,
      transport: (through = port) => linesTransport(through),
      async stop() {
        const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
        for (const socket of sockets) socket.destroy();
        await stopped;
      },
    };
  },
};
