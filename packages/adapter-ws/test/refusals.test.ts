/**
 * Upgrades that are refused: the reasons that the peer, the client and the hub's application
 * receive; and how a member leaves at once.
 */
import { createServer } from "node:http";
import { isBellwireError } from "@bellwire/core";
import { expect, it } from "vitest";
import { attachWebSocket } from "../src/server.ts";
import { endOf, frame, listening, type Raw, serve, until, upgrade } from "./serving.ts";

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

it("the refusal of a wrong path lists the paths that are served, to the client and to the application", async () => {
  const { hub, server, port, reported } = await serve();
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

it("the refusal of a foreign page names its origin, the option that allows it and the headers that a proxy must pass on", async () => {
  const { port, reported } = await serve();
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
  const { port, hub } = await serve();
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

it("a request whose proxy dropped the upgrade is answered 426, with the headers that the proxy must pass on", async () => {
  const { port } = await serve();
  const { status, reason } = await told(upgrade(port, { connection: "keep-alive", upgrade: undefined }));
  expect(status).toBe(426);
  for (const part of ["Upgrade", "Connection", "proxy"]) expect(reason).toContain(part);
  expect(
    (await told(upgrade(port, { connection: undefined, upgrade: undefined }, "/elsewhere"))).status,
  ).toBe(404);
});

it("the application goes on serving its own pages, also on the path of the WebSocket", async () => {
  const { server, port } = await serve({}, { path: "/" });
  server.on("request", (_, response) => response.end("page"));
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("page");
});

it("a full hub tells the client when to come back", async () => {
  const { port, hub } = await serve({ links: 1 });
  upgrade(port);
  await until(() => hub.links === 1, "the link");
  const cause = await endOf(`ws://127.0.0.1:${port}/bellwire`);
  expect(cause).toMatchObject({ code: "overloaded", retryAfter: 5_000 });
  expect(cause.reason).toMatch(/^HTTP 503/);
});

it("a client that cannot reach the server reports the system's error", async () => {
  const cause = await endOf("ws://127.0.0.1:1/bellwire");
  expect(cause.code).toBe("link_lost");
  expect(cause.reason).toContain("ECONNREFUSED");
});

it("a server that answers an upgrade with a page is reported by its status, whatever the page contains", async () => {
  const bodies = ["<html>".repeat(10_000), "not here\r\nat all", "", '{"reason":7}'];
  const server = createServer();
  server.on("upgrade", (_, socket) => {
    socket.on("error", () => {});
    socket.end(`HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\n\r\n${bodies.shift() ?? ""}`);
  });
  const { port } = await listening(server);
  const url = `ws://127.0.0.1:${port}/bellwire`;
  const causes = [await endOf(url), await endOf(url), await endOf(url), await endOf(url)];
  expect(causes.map(({ code }) => code)).toEqual(Array(4).fill("link_lost"));
  expect(causes.map(({ reason }) => reason)).toEqual([
    "HTTP 502",
    "HTTP 502: not here",
    "HTTP 502",
    'HTTP 502: {"reason":7}',
  ]);
});

it("an upgrade whose peer resets the connection harms no other link", async () => {
  const { port, server, hub } = await serve();
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
  const { port, hub } = await serve();
  const { socket, text } = upgrade(port);
  await until(() => text().includes("101 "), "the upgrade");
  const say = (message: object): boolean => socket.write(frame(1, Buffer.from(JSON.stringify(message))));
  say({ type: "hello", protocol: 1, session: "s", token: "ann" });
  await until(() => text().includes("welcome"), "the welcome");
  say({ type: "subscribe", ref: 1, topic: "presence-room" });
  await until(() => hub.members("presence-room").length === 1, "the member");
  socket.write(frame(8, Buffer.from([0x03, 0xe8])));
  await until(
    () => hub.members("presence-room").length === 0 && hub.links === 0,
    "the member to leave",
    1_000,
  );
  expect(socket.destroyed).toBe(false);
});
