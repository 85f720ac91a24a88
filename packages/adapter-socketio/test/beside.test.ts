/**
 * Socket.IO beside other things: long polling that is upgraded, other transports on the same
 * server, a process that exits.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";
import { webSocketTransport } from "@bellwire/adapter-ws/client";
import { attachWebSocket } from "@bellwire/adapter-ws/server";
import type { Transport } from "@bellwire/core";
import { createChannel, type NotificationChannel } from "@bellwire/core/client";
import { seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import { expect, it, onTestFinished } from "vitest";
import { socketIoTransport } from "../src/client.ts";
import { attachSocketIo } from "../src/server.ts";
import { askUpgrade, hubFor, listen, serve, type Topics, topics, until } from "./peers.ts";

/** A channel that records the notifications of `news.a`. */
async function follow(transport: Transport) {
  const channel: NotificationChannel<Topics> = createChannel({ topics, transport });
  onTestFinished(() => channel.close());
  const heard: number[] = [];
  const trouble: unknown[] = [];
  channel.onState((state) => state !== "connected" && state !== "connecting" && trouble.push(state));
  channel.onError((error) => trouble.push(error));
  const news = channel.subscribe("news.a");
  news.on("said", ({ data }) => heard.push(data.n));
  news.onGap((gap) => trouble.push(gap));
  await news.ready();
  return { channel, heard, trouble };
}

it("keeps order in both directions while long polling is upgraded to a WebSocket under traffic", async () => {
  const { hub, server, port } = await serve({ messageRate: 1e6, messageBurst: 1e6 });
  let polls = 0;
  let upgrades = 0;
  server.on("upgrade", () => (upgrades += 1));
  const random = seededRandom(7);
  const proxy = await startFaultProxy({
    target: port,
    random,
    plan: (_, own) => ({
      up: { latency: own.int(5), jitter: own.int(10) },
      down: { latency: own.int(5), jitter: own.int(10), slice: own.chance(0.5) ? 7 : undefined },
    }),
  });
  onTestFinished(() => proxy.close());
  const url = `http://127.0.0.1:${proxy.port}`;
  let stop = false;
  let published = 0;
  const clients: Awaited<ReturnType<typeof follow>>[] = [];
  // A busy machine passes on less than is published in a millisecond; the last notification would
  // then arrive later and later.
  const behind = () => clients.some(({ heard }) => published - (heard.at(-1) ?? published) > 100);
  const publishing = (async () => {
    while (!stop) {
      if (!behind()) await hub.publish("news.a", "said", { n: (published += 1) });
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  await Promise.all(
    Array.from({ length: 10 }, async () => {
      clients.push(await follow(socketIoTransport({ url, transports: ["polling", "websocket"] })));
    }),
  );
  const own: Promise<unknown>[] = [];
  const asked: number[] = [];
  hub.handle("news.{name}", "ask", ({ data }) => void asked.push(data));
  for (let n = 1; n <= 200; n++) {
    own.push(clients[0]?.channel.publish("news.b", "ask", n) ?? Promise.reject(new Error("no client")));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(own);
  await until(() => upgrades === 10, "the upgrades");
  stop = true;
  await publishing;
  server.on("request", () => (polls += 1));
  await until(() => clients.every(({ heard }) => heard.at(-1) === published), "the last notification");
  for (const { heard, trouble } of clients) {
    expect(trouble).toEqual([]);
    const first = heard[0] ?? 0;
    expect(heard).toEqual(Array.from({ length: published - first + 1 }, (_, index) => first + index));
  }
  expect(asked).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  expect([hub.links, polls]).toEqual([10, 0]);
});

it("shares one HTTP server and one hub with the WebSocket transport, and the server with the application", async () => {
  const hub = hubFor();
  const server = createServer((_, response) => response.end("page"));
  const orders = [
    () => attachWebSocket(hub, server),
    () => attachSocketIo(hub, server),
    () => attachSocketIo(hubFor(), server, { path: "/second" }),
  ];
  for (const attach of orders) attach();
  const { port, url } = await listen(server);
  const clients = await Promise.all([
    follow(webSocketTransport({ url: `ws://127.0.0.1:${port}/bellwire` })),
    follow(socketIoTransport({ url, transports: ["websocket"] })),
    follow(socketIoTransport({ url, transports: ["polling"] })),
  ]);
  const second = await follow(socketIoTransport({ url, path: "/second" }));
  for (let n = 1; n <= 3; n++) await clients[n - 1]?.channel.publish("news.a", "said", { n });
  for (const { heard } of clients) {
    await until(() => heard.length === 3, "the notifications");
    expect(heard).toEqual([1, 2, 3]);
  }
  expect(second.heard).toEqual([]);
  expect(await (await fetch(url)).text()).toBe("page");
  expect(await askUpgrade(port, {}, "/bellwire")).toMatch(/^HTTP\/1\.1 101 /);
});

it("lets the process exit once hub and server are closed, although clients are connected", {
  timeout: 30_000,
}, async () => {
  const program = fileURLToPath(new URL("./shut-down.ts", import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", "-C", "@bellwire/source", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill());
  let out = "";
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
  });
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect([code, out]).toEqual([0, "connected\nclosed\nended\n"]);
});
