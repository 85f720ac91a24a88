/** Upgrades that are refused: what the peer, the client and the hub's application are told, and how a member leaves at once. */
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { type CloseCause, defineTopics, isBellwireError } from "@bellwire/core";
import { createHub, type Hub, type Limits } from "@bellwire/core/server";
import { expect, it, onTestFinished } from "vitest";
import { webSocketTransport } from "../src/client.ts";
import { attachWebSocket, type WebSocketServerOptions } from "../src/server.ts";

const topics = defineTopics({ "presence-room": {} });

interface Started {
  readonly hub: Hub<typeof topics.map>;
  readonly server: Server;
  readonly port: number;
  readonly reported: unknown[];
}

async function start(
  options: WebSocketServerOptions = {},
  limits: Partial<Limits> = {},
  server: Server = createServer(),
): Promise<Started> {
  const reported: unknown[] = [];
  const hub = createHub({
    topics,
    limits,
    authenticate: ({ token = "nobody" }) => ({ user: token }),
    authorize: () => true,
    onError: (error) => void reported.push(error),
  });
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => sockets.add(socket));
  attachWebSocket(hub, server, options);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    await hub.close({ flush: 0, spread: 1 });
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return { hub, server, port: (server.address() as AddressInfo).port, reported };
}

async function until(done: () => boolean, what: string, ms = 5_000): Promise<void> {
  const end = performance.now() + ms;
  while (!done()) {
    if (performance.now() > end) throw new Error(`waited ${ms} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

interface Raw {
  readonly socket: Socket;
  readonly text: () => string;
}

/** An upgrade by hand; the socket never ends its own side. */
function upgrade(port: number, headers: Readonly<Record<string, string>> = {}, path = "/bellwire"): Raw {
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
  const lines = Object.entries(all).filter(([, value]) => value !== "");
  socket.write(
    `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
  );
  return { socket, text: () => text };
}

interface Told {
  readonly status: number;
  readonly code: unknown;
  readonly reason: string;
}

async function told({ text }: Raw): Promise<Told> {
  await until(() => /\r\n\r\n[^]*\}$/.test(text()), "the refusal");
  const { code, reason } = JSON.parse(text().split("\r\n\r\n")[1] ?? "") as { code: unknown; reason: string };
  return { status: Number(text().split(" ")[1]), code, reason };
}

function masked(opcode: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | payload.length]), Buffer.alloc(4), payload]);
}

/** How the client's link to a URL ends. */
function endOf(url: string): Promise<CloseCause> {
  return new Promise((resolve) => {
    webSocketTransport({ url }).connect({ open() {}, message() {}, malformed() {}, close: resolve });
  });
}

it("a wrong path is told which paths are served, and so are the client and the application", async () => {
  const { hub, server, port, reported } = await start();
  attachWebSocket(hub, server, { path: "/second" });
  const { status, code, reason } = await told(upgrade(port, {}, "/elsewhere?token=s3cr3t"));
  expect([status, code]).toEqual([404, "link_lost"]);
  for (const part of ["/elsewhere", "/bellwire", "/second"]) expect(reason).toContain(part);
  expect(reason).not.toContain("s3cr3t");
  const cause = await endOf(`ws://127.0.0.1:${port}/elsewhere`);
  expect(cause.code).toBe("link_lost");
  expect(cause.reason).toMatch(/^HTTP 404: .*\/elsewhere.*\/bellwire/);
  expect(reported.filter(isBellwireError).map((error) => error.code)).toEqual(["link_lost"]);
});

it("a foreign page is told its origin, the option that allows it and what a proxy must pass on, and so is the application", async () => {
  const { port, reported } = await start();
  const { status, code, reason } = await told(upgrade(port, { origin: "https://evil.example" }));
  expect([status, code]).toEqual([403, "forbidden"]);
  for (const part of ["https://evil.example", "allowedOrigins", "Host", "Origin", "X-Forwarded-Proto"]) {
    expect(reason).toContain(part);
  }
  await told(upgrade(port, { origin: "https://other.example" }));
  const errors = reported.filter(isBellwireError);
  expect(errors.map((error) => error.code)).toEqual(["forbidden"]);
  expect(errors[0]?.message).toContain("https://evil.example");
});

it("a page of the other scheme is foreign, and behind a proxy that ends TLS its X-Forwarded-Proto decides", async () => {
  const { port, hub } = await start();
  const origin = "https://app.example";
  expect((await told(upgrade(port, { host: "app.example", origin }))).status).toBe(403);
  upgrade(port, { host: "app.example", origin, "x-forwarded-proto": "https" });
  await until(() => hub.links === 1, "the link");
  expect(
    (
      await told(
        upgrade(port, { host: "app.example", origin: "http://app.example", "x-forwarded-proto": "wss" }),
      )
    ).status,
  ).toBe(403);
});

it("a request whose proxy has dropped the upgrade is told so, with 426", async () => {
  const { port } = await start();
  const { status, reason } = await told(upgrade(port, { connection: "keep-alive", upgrade: "" }));
  expect(status).toBe(426);
  for (const part of ["Upgrade", "Connection", "proxy"]) expect(reason).toContain(part);
  expect((await told(upgrade(port, { connection: "", upgrade: "" }, "/elsewhere"))).status).toBe(404);
});

it("the application's own pages stay what they are, also on the path of the WebSocket", async () => {
  const { server, port } = await start({ path: "/" });
  server.on("request", (_, response) => response.end("page"));
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("page");
});

it("a full hub tells the client when to come back", async () => {
  const { port, hub } = await start({}, { links: 1 });
  upgrade(port);
  await until(() => hub.links === 1, "the link");
  const cause = await endOf(`ws://127.0.0.1:${port}/bellwire`);
  expect(cause).toMatchObject({ code: "overloaded", retryAfter: 5_000 });
  expect(cause.reason).toMatch(/^HTTP 503/);
});

it("a client that cannot reach the server says what the system said", async () => {
  const cause = await endOf("ws://127.0.0.1:1/bellwire");
  expect(cause.code).toBe("link_lost");
  expect(cause.reason).toContain("ECONNREFUSED");
});

it("a server that answers an upgrade with a page is named by its status, whatever the page is", async () => {
  const bodies = ["<html>".repeat(10_000), "not here\r\nat all", "", '{"reason":7}'];
  const server = createServer();
  server.on("upgrade", (_, socket) => {
    socket.on("error", () => {});
    socket.end(`HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n${bodies.shift() ?? ""}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/bellwire`;
  const causes = [await endOf(url), await endOf(url), await endOf(url), await endOf(url)];
  expect(causes.map(({ code }) => code)).toEqual(Array(4).fill("link_lost"));
  expect(causes.map(({ reason }) => reason)).toEqual([
    "HTTP 502",
    "HTTP 502: not here",
    "HTTP 502",
    'HTTP 502: {"reason":7}',
  ]);
});

it("an upgrade whose peer resets the connection harms nobody", async () => {
  const { port, server, hub } = await start();
  server.on("upgrade", () => {});
  for (const path of ["/elsewhere", "/bellwire"]) {
    const { socket } = upgrade(port, {}, path);
    await new Promise((resolve) => socket.once("connect", resolve));
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.resetAndDestroy();
  }
  upgrade(port);
  await until(() => hub.links === 1, "a link after the resets");
});

it("a member who says goodbye has left at once, though its TCP connection never ends", async () => {
  const { port, hub } = await start();
  const { socket, text } = upgrade(port);
  await until(() => text().includes("101 "), "the upgrade");
  const say = (message: object): boolean => socket.write(masked(1, Buffer.from(JSON.stringify(message))));
  say({ type: "hello", protocol: 1, session: "s", token: "ann" });
  await until(() => text().includes("welcome"), "the welcome");
  say({ type: "subscribe", ref: 1, topic: "presence-room" });
  await until(() => hub.members("presence-room").length === 1, "the member");
  socket.write(masked(8, Buffer.from([0x03, 0xe8])));
  await until(
    () => hub.members("presence-room").length === 0 && hub.links === 0,
    "the member to leave",
    1_000,
  );
  expect(socket.destroyed).toBe(false);
});
