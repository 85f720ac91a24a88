/**
 * Tools of these tests: servers that end with their test, clients, and upgrades and frames made by
 * hand.
 */
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type CloseCause, defineTopics, isBellwireError, type } from "@bellwire/core";
import { type ServerMessage } from "@bellwire/core/adapter";
import { createHub, type Hub, type Limits } from "@bellwire/core/server";
import { afterAll, beforeAll, expect, onTestFinished } from "vitest";
import { WebSocket } from "ws";
import { webSocketTransport } from "../src/client.ts";
import { attachWebSocket, type WebSocketServerOptions } from "../src/server.ts";

export const topics = defineTopics({
  "news.{name}": { said: type<{ n: number; filler?: string }>() },
  "presence-room": {},
});

/** Fails the tests of a file with the errors that nothing catches. */
export function nothingUncaught(): void {
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  beforeAll(() => {
    process.on("uncaughtException", note);
    process.on("unhandledRejection", note);
  });
  afterAll(() => {
    process.off("uncaughtException", note);
    process.off("unhandledRejection", note);
    expect(uncaught).toEqual([]);
  });
}

export interface Listening {
  readonly port: number;
  /** The connections that are open. */
  readonly sockets: ReadonlySet<Socket>;
}

/** Listens on port 0 until the test has finished. */
export async function listening(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

export interface Serving extends Listening {
  readonly hub: Hub<typeof topics.map>;
  readonly server: Server;
  /** The errors that the hub reported; each is a BellwireError. */
  readonly reported: unknown[];
}

/** A hub on a server, on which a client's token is its user and everybody may do everything. */
export async function serve(
  limits: Partial<Limits> = {},
  options: WebSocketServerOptions = {},
  server: Server = createServer(),
): Promise<Serving> {
  const reported: unknown[] = [];
  const hub = createHub({
    topics,
    limits,
    authenticate: ({ token }) => (token === undefined ? {} : { user: token }),
    authorize: () => true,
    onError: (error) => void reported.push(error),
  });
  attachWebSocket(hub, server, options);
  const { port, sockets } = await listening(server);
  onTestFinished(async () => {
    await hub.close({ flush: 0, spread: 1 });
    expect(reported.filter((error) => !isBellwireError(error))).toEqual([]);
  });
  return { hub, server, port, sockets, reported };
}

export interface Stock {
  readonly socket: WebSocket;
  readonly received: ServerMessage[];
  readonly notified: unknown[][];
  readonly closed: { code: number; reason: string } | undefined;
  say(message: object): void;
}

/** A stock WebSocket that speaks PROTOCOL.md by hand; with `greet` it waits for its welcome. */
export async function stock(port: number, greet = true): Promise<Stock> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/bellwire`);
  onTestFinished(() => socket.terminate());
  const received: ServerMessage[] = [];
  const notified: unknown[][] = [];
  let closed: Stock["closed"];
  socket.on("message", (data: Buffer) => {
    const message: unknown = JSON.parse(data.toString());
    if (Array.isArray(message)) notified.push(message as unknown[]);
    else received.push(message as ServerMessage);
  });
  socket.on("error", () => {});
  socket.on("close", (code, reason) => {
    closed = { code, reason: reason.toString() };
  });
  await new Promise((resolve) => socket.on("open", resolve));
  const client = {
    socket,
    received,
    notified,
    get closed() {
      return closed;
    },
    say: (message: object) => socket.send(JSON.stringify(message)),
  };
  if (greet) {
    client.say({ type: "hello", protocol: 1, session: "stock" });
    await until(() => received.length > 0, "the welcome");
  }
  return client;
}

/** The TCP connection under a stock WebSocket. */
export function tcpOf({ socket }: Stock): Socket {
  return (socket as unknown as { _socket: Socket })._socket;
}

export interface Raw {
  readonly socket: Socket;
  /** Everything that arrived so far. */
  readonly text: () => string;
}

/**
 * Sends an upgrade by hand, on a connection that never ends its own side. A header of undefined is
 * left out.
 */
export function upgrade(
  port: number,
  headers: Readonly<Record<string, string | undefined>> = {},
  path = "/bellwire",
): Raw {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  socket.on("error", () => {});
  socket.on("data", (data: Buffer) => {
    text += data.toString("latin1");
  });
  onTestFinished(() => void socket.destroy());
  const all = {
    host: `127.0.0.1:${port}`,
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== undefined);
  socket.write(
    `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
  );
  return { socket, text: () => text };
}

/** A frame of a client (RFC 6455, section 5.2), masked with zeros. */
export function frame(opcode: number, payload: Buffer, final = true): Buffer {
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : Buffer.from([0xfe, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode]), length, Buffer.alloc(4), payload]);
}

/** The cause with which the client's link to a URL ends. */
export function endOf(url: string): Promise<CloseCause> {
  return new Promise((resolve) => {
    webSocketTransport({ url }).connect({ open() {}, message() {}, malformed() {}, close: resolve });
  });
}

/** Waits until the condition holds; fails when it does not within `ms` milliseconds. */
export async function until(condition: () => boolean, what = "the condition", ms = 5_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
