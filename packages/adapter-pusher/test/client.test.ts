import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { CloseCause } from "@bellwire/core";
import type { ServerMessage } from "@bellwire/core/adapter";
import { until } from "@bellwire/core/conformance";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { type WebSocket, WebSocketServer } from "ws";
import { type HostedPusherOptions, type PusherHubOptions, pusherTransport } from "../src/client.ts";

const ESTABLISHED = JSON.stringify({
  event: "pusher:connection_established",
  data: JSON.stringify({ socket_id: "1.2", activity_timeout: 120 }),
});

interface Peer {
  readonly port: number;
  readonly server: Server;
  /** Every connection so far, also those that are gone. */
  readonly sockets: WebSocket[];
  /** The paths that were asked for. */
  readonly urls: string[];
}

/** A server that says to every connection what the test wants. */
async function peer(
  greet: (socket: WebSocket) => void = (socket) => socket.send(ESTABLISHED),
): Promise<Peer> {
  const server = createServer();
  const webSockets = new WebSocketServer({ server });
  const sockets: WebSocket[] = [];
  const urls: string[] = [];
  webSockets.on("connection", (socket, { url = "" }) => {
    sockets.push(socket);
    urls.push(url);
    greet(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    for (const socket of sockets) socket.terminate();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  return { server, sockets, urls, port: (server.address() as AddressInfo).port };
}

class Observed {
  opened = 0;
  readonly messages: ServerMessage[] = [];
  readonly malformed: string[] = [];
  readonly closes: CloseCause[] = [];
  readonly link: ReturnType<ReturnType<typeof pusherTransport>["connect"]>;

  constructor(options: PusherHubOptions | HostedPusherOptions) {
    this.link = pusherTransport(options).connect({
      open: () => {
        this.opened += 1;
      },
      message: (message) => this.messages.push(message),
      malformed: (reason) => this.malformed.push(reason),
      close: (cause) => this.closes.push(cause),
    });
    onTestFinished(() => this.link.close({ code: "normal" }));
  }

  async open(): Promise<this> {
    await until(() => this.opened > 0, "the link to open");
    return this;
  }

  async closed(timeout = 2_000): Promise<CloseCause> {
    await until(() => this.closes.length > 0, "the link to close", timeout);
    return this.closes[0] as CloseCause;
  }
}

const hub = (port: number, path = ""): PusherHubOptions => ({
  key: "some-key",
  url: `ws://127.0.0.1:${port}${path}`,
});
const hosted = (port: number): HostedPusherOptions => ({
  key: "some-key",
  cluster: "local",
  wsHost: "127.0.0.1",
  wsPort: port,
  forceTLS: false,
});
const both = [
  ["to our own hub", hub],
  ["to hosted Pusher", hosted],
] as const;

const CLOSES = [
  [1_000, "link_lost"],
  [1_001, "link_lost"],
  [1_009, "too_large"],
  [1_011, "internal"],
  [4_001, "forbidden"],
  [4_003, "forbidden"],
  [4_004, "overloaded"],
  [4_007, "unsupported_protocol"],
  [4_009, "unauthorized"],
  [4_100, "overloaded"],
  [4_200, "link_lost"],
  [4_201, "timeout"],
  [4_301, "link_lost"],
] as const;

describe.each(both)("a link %s", (_, options) => {
  it("requests the path of the app's key with the protocol's parameters", async () => {
    const { port, urls } = await peer();
    await new Observed(options(port)).open();
    expect(urls).toHaveLength(1);
    expect(urls[0]).toMatch(/^(\/bellwire)?\/app\/some-key\?protocol=7&client=js&version=8\./);
  });

  it("that is refused fails at once instead of after the 15 seconds of pusher-js", async () => {
    const { port, server } = await peer();
    await new Promise((resolve) => server.close(resolve));
    const began = performance.now();
    const observed = new Observed(options(port));
    expect((await observed.closed()).code).toBe("link_lost");
    expect(performance.now() - began).toBeLessThan(1_000);
    expect(observed.opened).toBe(0);
  });

  it("whose upgrade is answered with another status fails at once", async () => {
    const server = createServer((_request, response) => response.end("page"));
    server.on("upgrade", (_request, socket) =>
      socket.end("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())));
    const observed = new Observed(options((server.address() as AddressInfo).port));
    expect((await observed.closed()).code).toBe("link_lost");
  });

  it.each([
    "not JSON",
    "{}",
    '{"event":"pusher:connection_established","data":{}}',
    '{"event":"pusher:connection_established","data":{"socket_id":"1.2","activity_timeout":0}}',
    '{"event":"something:else","data":"{}"}',
  ])("whose first frame is %s ends instead of waiting forever", async (frame) => {
    const { port } = await peer((socket) => socket.send(frame));
    const observed = new Observed(options(port));
    await observed.closed();
    expect(observed.opened).toBe(0);
  });

  it("closed with a number of Pusher's, before or after it opened, ends with the code for it, and pusher-js makes no other", async () => {
    const closes = CLOSES.map(async ([number, code]) => {
      const early = await peer((socket) => socket.close(number));
      const refused = new Observed(options(early.port));
      expect((await refused.closed()).code, `${number} at once`).toBe(code);
      const late = await peer();
      const lost = await new Observed(options(late.port)).open();
      late.sockets[0]?.close(number);
      expect((await lost.closed()).code, `${number} later`).toBe(code);
      // Longer than pusher-js ever waits before its first attempt.
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      expect([early.sockets.length, late.sockets.length, refused.closes.length, lost.closes.length]).toEqual([
        1, 1, 1, 1,
      ]);
    });
    await Promise.all(closes);
  });

  it("that is cut ends at once instead of after the second of pusher-js", async () => {
    const { port, sockets } = await peer();
    const observed = await new Observed(options(port)).open();
    const began = performance.now();
    sockets[0]?.terminate();
    expect((await observed.closed()).code).toBe("link_lost");
    expect(performance.now() - began).toBeLessThan(500);
  });

  it("sends the reason when it closes, and is closed once", async () => {
    const { port, sockets } = await peer();
    for (const [index, code] of (["normal", "timeout", "link_lost"] as const).entries()) {
      const observed = await new Observed(options(port)).open();
      const seen = new Promise((resolve) =>
        sockets[index]?.once("close", (number, reason) => resolve([number, reason.toString()])),
      );
      observed.link.close({ code });
      observed.link.close({ code: "internal" });
      expect(await seen).toEqual([{ normal: 1_000, timeout: 4_408, link_lost: 4_000 }[code], code]);
      expect(observed.closes).toEqual([{ code }]);
    }
  });

  it("that is closed before it opens connects to no server", async () => {
    const { port, sockets } = await peer();
    const observed = new Observed(options(port));
    observed.link.close({ code: "normal" });
    await observed.closed();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([observed.opened, observed.closes.length]).toEqual([0, 1]);
    expect(sockets.every(({ readyState }) => readyState >= 2)).toBe(true);
  });

  it("survives any frame of the server", async () => {
    const frames: string[] = [];
    const value = fc.oneof(fc.json(), fc.constantFrom('{"a":1}', "[]", '"', ""));
    const event = fc.constantFrom(
      "bellwire:message",
      "pusher:error",
      "pusher:ping",
      "pusher:pong",
      "pusher_internal:subscription_succeeded",
      "pusher_internal:member_added",
      "pusher_internal:member_removed",
      "pusher:cache_miss",
      "bellwire:stored",
      "said",
      "__proto__",
    );
    const frame = fc.oneof(
      fc
        .record({
          event,
          channel: fc.constantFrom("news.nz", "__proto__", 7, null, undefined),
          data: fc.oneof(value, fc.jsonValue()),
        })
        .map((one) => JSON.stringify(one)),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 30 }), (list) => void frames.push(...list)),
      { numRuns: 60 },
    );
    const { port } = await peer((socket) => {
      socket.send(ESTABLISHED);
      // When it is subscribed, or has said so.
      socket.once("message", () => {
        for (const text of frames) socket.send(text);
        socket.send(JSON.stringify({ event: "bellwire:message", data: { type: "pong" } }));
        socket.send(JSON.stringify({ event: "pusher:pong", data: "{}" }));
      });
    });
    const thrown: unknown[] = [];
    const note = (error: unknown): void => void thrown.push(error);
    process.on("uncaughtException", note);
    onTestFinished(() => void process.off("uncaughtException", note));
    const observed = await new Observed(options(port)).open();
    observed.link.send([{ type: "subscribe", ref: 1, topic: "news.nz" }]);
    await until(
      () => observed.messages.some(({ type }) => type === "pong") || observed.closes.length > 0,
      "the end of it",
    );
    expect(thrown).toEqual([]);
  });
});

describe("options", () => {
  const good = hub(1);
  const wrong: readonly (readonly [options: object, path: string])[] = [
    [{ ...good, key: "" }, "pusherTransport.key"],
    [{ ...good, key: "a key" }, "pusherTransport.key"],
    [{ ...good, url: "http://a" }, "pusherTransport.url"],
    [{ ...good, url: "ws://a?b" }, "pusherTransport.url"],
    [{ ...good, cluster: "eu" }, "pusherTransport.cluster"],
    [{ key: "k" }, "pusherTransport.cluster"],
    [{ key: "k", cluster: "e u" }, "pusherTransport.cluster"],
    [{ key: "k", cluster: "eu", routes: "ftp://a" }, "pusherTransport.routes"],
    [{ key: "k", cluster: "eu", routes: { nothing: "http://a" } }, "pusherTransport.routes.nothing"],
    [{ key: "k", cluster: "eu", routes: { auth: "a?b" } }, "pusherTransport.routes.auth"],
    [{ key: "k", cluster: "eu", positionCheck: 0 }, "pusherTransport.positionCheck"],
    [{ key: "k", cluster: "eu", wsPort: "80" }, "pusherTransport.wsPort"],
    [{ key: "k", cluster: "eu", metadata: "no" }, "pusherTransport.metadata"],
  ];

  it.each(wrong)("%j are refused by name: %s", (options, path) => {
    expect(() => pusherTransport(options as PusherHubOptions)).toThrow(
      expect.objectContaining({
        code: "invalid_option",
        message: expect.stringContaining(`${path}:`) as string,
      }),
    );
  });

  it("decide the capabilities of the transport", () => {
    const bare = pusherTransport({ key: "k", cluster: "eu" }).capabilities;
    expect(bare).toMatchObject({
      history: "none",
      acknowledgement: "none",
      clientPublish: "none",
      presence: "none",
    });
    const full = pusherTransport({
      key: "k",
      cluster: "eu",
      routes: "https://a.example/bellwire/pusher/",
    }).capabilities;
    expect(full).toMatchObject({
      history: "emulated",
      acknowledgement: "emulated",
      clientPublish: "emulated",
      presence: "native",
    });
  });
});
