/** The WebSocket wire over real sockets: admission, hostile frames, slow consumers, the end, and a stock client. */
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { defineTopics, isBellwireError, type } from "@bellwire/core";
import { type ServerMessage } from "@bellwire/core/adapter";
import { createChannel } from "@bellwire/core/client";
import { createHub, type Hub, type Limits } from "@bellwire/core/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { webSocketTransport } from "../src/client.ts";
import { attachWebSocket, type WebSocketServerOptions } from "../src/server.ts";

const topics = defineTopics({ "news.{name}": { said: type<{ n: number; filler?: string }>() } });
type Topics = typeof topics.map;

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

let hub: Hub<Topics>;
let server: Server;
let port: number;
const sockets = new Set<Socket>();

async function open(limits: Partial<Limits> = {}, options: WebSocketServerOptions = {}): Promise<void> {
  hub = createHub({
    topics,
    limits,
    authorize: () => true,
    onError: (error) => {
      // That clients are refused is what these tests do.
      if (!isBellwireError(error)) note(error);
    },
  });
  server = createServer((_, response) => response.end("page"));
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  attachWebSocket(hub, server, options);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = (server.address() as AddressInfo).port;
}

const clients: { terminate(): void }[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.terminate();
  await hub.close({ flush: 0, spread: 1 });
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** Waits until something is so, and fails when it is not within `ms`. */
async function until(done: () => boolean, what: string, ms = 5_000): Promise<void> {
  const end = performance.now() + ms;
  while (!done()) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

interface Stock {
  readonly socket: WebSocket;
  readonly received: ServerMessage[];
  readonly notified: unknown[][];
  readonly closed: { code: number; reason: string } | undefined;
  say(message: object): void;
}

/** A stock WebSocket that speaks PROTOCOL.md by hand. */
async function stock(greet = true): Promise<Stock> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/bellwire`);
  clients.push(socket);
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

/** Sends a raw upgrade request and answers with the status line and headers. */
async function ask(headers: Readonly<Record<string, string>>, path = "/bellwire"): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  clients.push({ terminate: () => socket.destroy() });
  let text = "";
  socket.on("data", (data: Buffer) => {
    text += data.toString("latin1");
  });
  socket.on("error", () => {});
  const lines = Object.entries({
    host: `127.0.0.1:${port}`,
    connection: "Upgrade",
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
  await until(() => text.includes("\r\n\r\n"), "an answer");
  return text;
}
const status = async (headers: Readonly<Record<string, string>>, path?: string): Promise<number> =>
  Number((await ask(headers, path)).split(" ")[1]);

describe("admission", () => {
  it.each([
    ["a foreign page", "https://evil.example"],
    ["a look-alike", "https://good.example.evil.example"],
    ["a look-alike with a port", "https://good.example:8443"],
    ["the other scheme", "http://good.example"],
    ["a sandboxed page", "null"],
    ["a file", "file://"],
    ["user info before the host", "https://good.example@evil.example"],
    ["nonsense", "good.example"],
    ["two origins", "https://good.example, https://evil.example"],
  ])("refuses %s with 403", async (_, origin) => {
    await open({}, { allowedOrigins: ["https://good.example"] });
    expect(await status({ origin })).toBe(403);
    expect(hub.links).toBe(0);
  });

  it("accepts an allowed page, a page of its own host, and a request that comes from no page", async () => {
    await open({}, { allowedOrigins: ["https://good.example"] });
    expect(await status({ origin: "https://good.example" })).toBe(101);
    expect(await status({ origin: `http://127.0.0.1:${port}` })).toBe(101);
    expect(await status({ host: "app.example", origin: "http://app.example" })).toBe(101);
    expect(await status({ host: "app.example", origin: "https://app.example" })).toBe(403);
    expect(await status({})).toBe(101);
  });

  it("accepts every page with * until it carries cookies", async () => {
    await open({}, { allowedOrigins: "*" });
    expect(await status({ origin: "https://any.example" })).toBe(101);
    expect(await status({ origin: "https://any.example", cookie: "a=b" })).toBe(403);
  });

  it("answers 404 on another path, or leaves it to another listener", async () => {
    await open();
    expect(await status({}, "/elsewhere")).toBe(404);
    expect(await status({}, "/bellwire/more")).toBe(404);
    expect(await status({}, "/bellwire?token=x")).toBe(101);
    server.on("upgrade", (request, socket) => {
      if (request.url === "/elsewhere") socket.end("HTTP/1.1 418 Teapot\r\n\r\n");
    });
    expect(await status({}, "/elsewhere")).toBe(418);
  });

  it("answers 503 with Retry-After when it is full, overrun or closing, and takes links again when it is not", async () => {
    await open({ links: 1 });
    const first = await stock();
    expect(await ask({})).toMatch(/^HTTP\/1\.1 503 [^]*\r\nRetry-After: [1-9]\d*\r\n/i);
    first.socket.close();
    await until(() => hub.links === 0, "the link to go");
    expect(await status({})).toBe(101);
    void hub.close({ flush: 0, spread: 1 });
    expect(await ask({})).toMatch(/^HTTP\/1\.1 503 [^]*\r\nRetry-After: [1-9]\d*\r\n/i);
  });

  it("answers 503 to links that come faster than its rate", async () => {
    await open({ linkRate: 3 });
    const answers = await Promise.all(Array.from({ length: 8 }, () => status({})));
    expect(answers.filter((code) => code === 101)).toHaveLength(3);
    expect(answers.filter((code) => code === 503)).toHaveLength(5);
  });

  it("lets go of a refused peer that never ends its side", async () => {
    await open();
    await ask({ origin: "https://evil.example" });
    await until(() => sockets.size === 0, "the socket to go");
  });

  it.each([
    ["no key", { "sec-websocket-key": "" }],
    ["a key that is none", { "sec-websocket-key": "short" }],
    ["an old version", { "sec-websocket-version": "8" }],
    ["bad extension parameters", { "sec-websocket-extensions": "permessage-deflate; =" }],
  ])("survives an upgrade with %s", async (_, headers) => {
    await open();
    const code = await status(headers as unknown as Record<string, string>);
    expect(code === 101 || (code >= 400 && code < 500)).toBe(true);
    expect(await status({})).toBe(101);
  });

  it("serves nothing any more once it is detached, and open links go on", async () => {
    await open();
    const second = createHub({ topics });
    const detach = attachWebSocket(second, server, { path: "/second" });
    expect(await status({}, "/second")).toBe(101);
    detach();
    expect(await status({}, "/second")).toBe(404);
    expect(second.links).toBe(1);
    await second.close({ flush: 0 });
  });
});

describe("hostile frames", () => {
  const masked = (opcode: number, payload: Buffer, final = true): Buffer => {
    const length =
      payload.length < 126
        ? Buffer.from([0x80 | payload.length])
        : Buffer.from([0xfe, payload.length >> 8, payload.length & 0xff]);
    return Buffer.concat([Buffer.from([(final ? 0x80 : 0) | opcode]), length, Buffer.alloc(4), payload]);
  };
  const raw = ({ socket }: Stock): Socket => (socket as unknown as { _socket: Socket })._socket;

  it("closes a link whose frame is larger than 64 KiB with 1009, and the neighbour goes on", async () => {
    await open();
    const [hostile, neighbour] = [await stock(), await stock()];
    neighbour.say({ type: "subscribe", ref: 1, topic: "news.a" });
    hostile.socket.send("x".repeat(65_537));
    await until(() => hostile.closed !== undefined, "the close");
    expect(hostile.closed?.code).toBe(1009);
    await hub.publish("news.a", "said", { n: 1 });
    await until(() => neighbour.notified.length === 1, "the neighbour");
    expect(neighbour.closed).toBeUndefined();
  });

  it("closes a link that claims a frame of 2^62 bytes before reading it", async () => {
    await open();
    const hostile = await stock();
    raw(hostile).write(Buffer.from([0x81, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]));
    await until(() => hostile.closed !== undefined, "the close");
    expect([1002, 1009]).toContain(hostile.closed?.code);
  });

  it("counts binary frames as malformed, and closes at the fifth", async () => {
    await open();
    const hostile = await stock();
    for (let n = 0; n < 5; n++) hostile.socket.send(Buffer.from('{"type":"ping"}'));
    await until(() => hostile.closed !== undefined, "the close");
    expect(hostile.closed).toEqual({ code: 4400, reason: "malformed" });
    expect(hostile.received.filter(({ type }) => type === "error")).toHaveLength(4);
    expect(hostile.received.filter(({ type }) => type === "pong")).toHaveLength(0);
  });

  it.each([
    ["text that is not UTF-8", masked(1, Buffer.from([0xff, 0xfe])), [1007]],
    ["an unknown opcode", masked(3, Buffer.from("x")), [1002]],
    ["a continuation of nothing", masked(0, Buffer.from("x")), [1002]],
    ["an unmasked frame", Buffer.from([0x81, 1, 0x78]), [1002]],
    ["a reserved bit", Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x78]), [1002]],
    ["a ping of 126 bytes", masked(9, Buffer.alloc(126)), [1002]],
  ])("closes a link that sends %s", async (_, bytes, codes) => {
    await open();
    const hostile = await stock();
    raw(hostile).write(bytes);
    await until(() => hostile.closed !== undefined, "the close");
    expect(codes).toContain(hostile.closed?.code);
    await until(() => hub.links === 0, "the link to go");
  });

  it("reads a message sent one byte at a time and in fragments", async () => {
    await open();
    const slow = await stock();
    const text = Buffer.from('{"type":"subscribe","ref":1,"topic":"news.ä"}');
    for (const byte of masked(1, text)) {
      raw(slow).write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    raw(slow).write(
      Buffer.concat([masked(1, Buffer.from('{"type":'), false), masked(0, Buffer.from('"ping"}'))]),
    );
    await until(() => slow.received.length === 3, "two answers");
    expect(slow.received.slice(1)).toMatchObject([
      { type: "error", ref: 1, code: "unknown_topic" },
      { type: "pong" },
    ]);
  });

  it("holds little for a peer that floods pings and never reads", async () => {
    await open();
    const hostile = await stock();
    const socket = raw(hostile);
    socket.pause();
    const flood = Buffer.concat(Array.from({ length: 10_000 }, () => masked(9, Buffer.alloc(125))));
    for (let n = 0; n < 20; n++) {
      socket.write(flood);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const served of sockets) expect(served.writableLength).toBeLessThan(1_048_576);
  });

  it("survives peers that vanish in the middle of anything", async () => {
    await open();
    for (let n = 0; n < 30; n++) {
      const client = await stock(n % 2 === 0);
      raw(client).write(
        masked(1, Buffer.from('{"type":"hello","protocol":1,"session":"s"}')).subarray(0, n * 2),
      );
      if (n % 3 === 0) raw(client).resetAndDestroy();
      else raw(client).destroy();
    }
    await until(() => hub.links === 0, "the links to go");
    const after = await stock();
    expect(after.received[0]?.type).toBe("welcome");
  });
});

describe("liveness", () => {
  it("closes a link without a hello with 4408", async () => {
    await open({ helloTimeout: 100 });
    const silent = await stock(false);
    await until(() => silent.closed !== undefined, "the close");
    expect(silent.closed).toEqual({ code: 4408, reason: "timeout" });
  });

  it("finds a peer that is half gone and shows no sign of life", async () => {
    await open({ pingInterval: 200, pongTimeout: 200 });
    const gone = await stock();
    gone.socket.pause();
    await until(() => hub.links === 0, "the link to go");
  });

  it("never closes a link that answers", async () => {
    await open({ pingInterval: 200, pongTimeout: 200 });
    const channel = createChannel({
      topics,
      transport: webSocketTransport({ url: `ws://127.0.0.1:${port}/bellwire` }),
    });
    channel.connect();
    await until(() => channel.state === "connected", "the connection");
    const states: string[] = [];
    channel.onState((state) => states.push(state));
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(states).toEqual([]);
    channel.close();
  });
});

describe("slow consumers", () => {
  it("cuts a reader that never reads within its cap, while the neighbour hears everything and memory stays bounded", async () => {
    await open();
    const neighbour = await stock();
    const stuck = await Promise.all(Array.from({ length: 20 }, () => stock()));
    for (const client of [neighbour, ...stuck]) client.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await until(
      () => [neighbour, ...stuck].every(({ received }) => received.some(({ type }) => type === "subscribed")),
      "the subscriptions",
    );
    for (const { socket } of stuck) socket.pause();
    const before = process.memoryUsage().rss;
    const filler = "x".repeat(1_000);
    let held = 0;
    for (let n = 1; n <= 20_000; n++) {
      await hub.publish("news.a", "said", { n, filler });
      if (n % 50 === 0) {
        await new Promise((resolve) => setImmediate(resolve));
        for (const socket of sockets) held = Math.max(held, socket.writableLength);
      }
    }
    await until(() => neighbour.notified.length === 20_000, "the neighbour");
    expect(neighbour.notified.map(([, , , , offset]) => offset)).toEqual(
      Array.from({ length: 20_000 }, (_, index) => index + 1),
    );
    await until(() => hub.links === 1, "the slow ones to be cut");
    expect(held).toBeLessThan(1_048_576 + 65_536);
    // 20 slow clients of a megabyte each, one and a half times, 32 MB, and the 24 MB that the neighbour's own log holds here.
    expect(process.memoryUsage().rss - before).toBeLessThan((30 + 32 + 24) * 1_048_576);
  });

  it("gives back to a slow consumer everything it missed, on its next link", async () => {
    await open();
    const transport = webSocketTransport({ url: `ws://127.0.0.1:${port}/bellwire` });
    const channel = createChannel({ topics, transport, backoff: { base: 10, cap: 20 } });
    const heard: number[] = [];
    const gaps: string[] = [];
    const subscription = channel.subscribe("news.a");
    subscription.on("said", ({ data }) => heard.push(data.n));
    subscription.onGap(({ reason }) => gaps.push(reason));
    await subscription.ready();
    const filler = "x".repeat(30_000);
    for (let n = 1; n <= 8; n++) await hub.publish("news.a", "said", { n, filler });
    for (const socket of sockets) socket.destroy();
    for (let n = 9; n <= 16; n++) await hub.publish("news.a", "said", { n, filler });
    await until(() => heard.length >= 16, "the rest");
    expect([heard, gaps]).toEqual([Array.from({ length: 16 }, (_, index) => index + 1), []]);
    channel.close();
  });
});

describe("a stock WebSocket", () => {
  it("follows a topic, publishes, resumes and leaves with what PROTOCOL.md says and nothing else", async () => {
    await open();
    const first = await stock();
    expect(first.received).toEqual([{ type: "welcome", idleTimeout: 35_000, maxMessageBytes: 65_536 }]);
    first.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await until(() => first.received.length === 2, "subscribed");
    const start = (first.received[1] as { position: { epoch: string; offset: number } }).position;
    expect(first.received[1]).toEqual({
      type: "subscribed",
      ref: 1,
      topic: "news.a",
      position: { epoch: start.epoch, offset: 0 },
    });
    first.say({ type: "publish", ref: 2, topic: "news.a", event: "said", data: { n: 1 }, id: "p1" });
    await until(() => first.received.length === 3 && first.notified.length === 1, "the answers");
    const position = { epoch: start.epoch, offset: 1 };
    expect(first.received[2]).toEqual({ type: "acknowledged", ref: 2, position });
    expect(first.notified[0]).toEqual(["n", "news.a", "said", { n: 1 }, 1, expect.any(Number), "p1"]);
    await hub.publish("news.a", "said", { n: 2 });
    await until(() => first.notified.length === 2, "the second");
    expect(first.notified[1]).toEqual(["n", "news.a", "said", { n: 2 }, 2, expect.any(Number)]);

    const second = await stock();
    second.say({ type: "subscribe", ref: 1, topic: "news.a", position });
    await until(() => second.notified.length === 1, "the replay");
    expect(second.received[1]).toEqual({ type: "subscribed", ref: 1, topic: "news.a", position });
    expect(second.notified[0]?.[4]).toBe(2);
    second.say({ type: "unsubscribe", ref: 2, topic: "news.a" });
    await until(() => second.received.length === 3, "done");
    expect(second.received[2]).toEqual({ type: "done", ref: 2 });
    second.say({ type: "invented", ref: 3 });
    await until(() => second.received.length === 4, "the error");
    expect(second.received[3]).toMatchObject({ type: "error", code: "malformed" });
  });

  it("pays at most 40 bytes beside the names and the data of a notification, its frame included", async () => {
    await open();
    const client = await stock();
    client.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await until(() => client.received.length === 2, "subscribed");
    const socket = (client.socket as unknown as { _socket: Socket })._socket;
    for (const filler of ["", "x".repeat(200)]) {
      const before = socket.bytesRead;
      const heard = client.notified.length;
      const data = { n: 1, filler };
      await hub.publish("news.a", "said", data);
      await until(() => client.notified.length > heard, "the notification");
      const beside = socket.bytesRead - before - JSON.stringify(data).length - "news.asaid".length;
      expect(beside).toBeLessThanOrEqual(40);
    }
  });
});

describe("the end", () => {
  it("closes every link with 1001 and the time to come back, after everything that was due", async () => {
    await open();
    const peers = await Promise.all(Array.from({ length: 10 }, () => stock()));
    for (const peer of peers) peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await until(() => peers.every(({ received }) => received.length === 2), "the subscriptions");
    for (let n = 1; n <= 20; n++) await hub.publish("news.a", "said", { n, filler: "x".repeat(5_000) });
    await hub.close({ spread: 5_000 });
    await until(() => peers.every(({ closed }) => closed !== undefined), "the closes");
    for (const { closed, notified } of peers) {
      expect(closed?.code).toBe(1001);
      expect(closed?.reason).toMatch(/^draining;retryAfter=\d{1,4}$/);
      expect(notified).toHaveLength(20);
    }
  });

  it("destroys the socket of a peer that never answers the close", async () => {
    await open();
    const stuck = await stock();
    stuck.socket.pause();
    await hub.close({ flush: 100, spread: 1 });
    await until(() => sockets.size === 0, "the socket to go");
  });
});
