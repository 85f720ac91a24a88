/** The server half over real sockets: admission, liveness, slow consumers, and the end. */
import { createChannel } from "@bellwire/core/client";
import { createHub } from "@bellwire/core/server";
import { describe, expect, it } from "vitest";
import { webSocketTransport } from "../src/client.ts";
import { attachWebSocket } from "../src/server.ts";
import { nothingUncaught, serve, stock, topics, until, upgrade } from "./serving.ts";

nothingUncaught();

/** The answer to an upgrade, as far as its head. */
async function ask(port: number, headers: Readonly<Record<string, string>>, path?: string): Promise<string> {
  const { text } = upgrade(port, headers, path);
  await until(() => text().includes("\r\n\r\n"), "an answer");
  return text();
}

async function status(
  port: number,
  headers: Readonly<Record<string, string>>,
  path?: string,
): Promise<number> {
  return Number((await ask(port, headers, path)).split(" ")[1]);
}

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
    const { hub, port } = await serve({}, { allowedOrigins: ["https://good.example"] });
    expect(await status(port, { origin })).toBe(403);
    expect(hub.links).toBe(0);
  });

  it("accepts an allowed page, a page of its own host, and a request without an origin", async () => {
    const { port } = await serve({}, { allowedOrigins: ["https://good.example"] });
    expect(await status(port, { origin: "https://good.example" })).toBe(101);
    expect(await status(port, { origin: `http://127.0.0.1:${port}` })).toBe(101);
    expect(await status(port, { host: "app.example", origin: "http://app.example" })).toBe(101);
    expect(await status(port, { host: "app.example", origin: "https://app.example" })).toBe(403);
    expect(await status(port, {})).toBe(101);
  });

  it("accepts every page with * until it carries cookies", async () => {
    const { port } = await serve({}, { allowedOrigins: "*" });
    expect(await status(port, { origin: "https://any.example" })).toBe(101);
    expect(await status(port, { origin: "https://any.example", cookie: "a=b" })).toBe(403);
  });

  it("answers 404 on another path, or leaves it to another listener", async () => {
    const { server, port } = await serve();
    expect(await status(port, {}, "/elsewhere")).toBe(404);
    expect(await status(port, {}, "/bellwire/more")).toBe(404);
    expect(await status(port, {}, "/bellwire?token=x")).toBe(101);
    server.on("upgrade", (request, socket) => {
      if (request.url === "/elsewhere") socket.end("HTTP/1.1 418 Teapot\r\n\r\n");
    });
    expect(await status(port, {}, "/elsewhere")).toBe(418);
  });

  it("answers 503 with Retry-After while it is full or closing, and takes links again after", async () => {
    const { hub, port } = await serve({ links: 1 });
    const first = await stock(port);
    expect(await ask(port, {})).toMatch(/^HTTP\/1\.1 503 [^]*\r\nRetry-After: [1-9]\d*\r\n/i);
    first.socket.close();
    await until(() => hub.links === 0, "the link to go");
    expect(await status(port, {})).toBe(101);
    void hub.close({ flush: 0, spread: 1 });
    expect(await ask(port, {})).toMatch(/^HTTP\/1\.1 503 [^]*\r\nRetry-After: [1-9]\d*\r\n/i);
  });

  it("answers 503 to links that come faster than its rate", async () => {
    const { port } = await serve({ linkRate: 3 });
    const answers = await Promise.all(Array.from({ length: 8 }, () => status(port, {})));
    expect(answers.filter((code) => code === 101)).toHaveLength(3);
    expect(answers.filter((code) => code === 503)).toHaveLength(5);
  });

  it("destroys the socket of a refused peer that never ends its side", async () => {
    const { port, sockets } = await serve();
    await ask(port, { origin: "https://evil.example" });
    await until(() => sockets.size === 0, "the socket to go");
  });

  it.each([
    ["no key", { "sec-websocket-key": "" }],
    ["a key that is none", { "sec-websocket-key": "short" }],
    ["an old version", { "sec-websocket-version": "8" }],
    ["bad extension parameters", { "sec-websocket-extensions": "permessage-deflate; =" }],
  ])("survives an upgrade with %s", async (_, headers) => {
    const { port } = await serve();
    const code = await status(port, headers as unknown as Record<string, string>);
    expect(code === 101 || (code >= 400 && code < 500)).toBe(true);
    expect(await status(port, {})).toBe(101);
  });

  it("serves nothing more after it was detached, and open links go on", async () => {
    const { server, port } = await serve();
    const second = createHub({ topics });
    const detach = attachWebSocket(second, server, { path: "/second" });
    expect(await status(port, {}, "/second")).toBe(101);
    detach();
    expect(await status(port, {}, "/second")).toBe(404);
    expect(second.links).toBe(1);
    await second.close({ flush: 0 });
  });
});

describe("liveness", () => {
  it("closes a link without a hello with 4408", async () => {
    const { port } = await serve({ helloTimeout: 100 });
    const silent = await stock(port, false);
    await until(() => silent.closed !== undefined, "the close");
    expect(silent.closed).toEqual({ code: 4408, reason: "timeout" });
  });

  it("closes a link whose peer no longer reads or answers", async () => {
    const { hub, port } = await serve({ pingInterval: 200, pongTimeout: 200 });
    const gone = await stock(port);
    gone.socket.pause();
    await until(() => hub.links === 0, "the link to go");
  });

  it("never closes a link that answers", async () => {
    const { port } = await serve({ pingInterval: 200, pongTimeout: 200 });
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
  it("cuts a subscriber that never reads within its cap, while its neighbour receives everything and memory stays bounded", async () => {
    const { hub, port, sockets } = await serve();
    const neighbour = await stock(port);
    const stuck = await Promise.all(Array.from({ length: 20 }, () => stock(port)));
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
    await until(() => hub.links === 1, "the slow clients to be cut");
    expect(held).toBeLessThan(1_048_576 + 65_536);
    // 20 slow clients of a megabyte each with half as much again, 32 MB, and the 24 MB of the
    // neighbour's own log in this process.
    expect(process.memoryUsage().rss - before).toBeLessThan((30 + 32 + 24) * 1_048_576);
  });

  it("delivers to a slow consumer, on its next link, everything it missed", async () => {
    const { hub, port, sockets } = await serve();
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

describe("the end", () => {
  it("closes every link with 1001 and the time to come back, after all that was published", async () => {
    const { hub, port } = await serve();
    const peers = await Promise.all(Array.from({ length: 10 }, () => stock(port)));
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
    const { hub, port, sockets } = await serve();
    const stuck = await stock(port);
    stuck.socket.pause();
    await hub.close({ flush: 100, spread: 1 });
    await until(() => sockets.size === 0, "the socket to go");
  });
});
