/** Hostile HTTP, and WebSockets that end in odd ways, over raw TCP. */
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { isBellwireError } from "@bellwire/core";
import { createHub } from "@bellwire/core/server";
import { expect, it, onTestFinished } from "vitest";
import { attachPusherRoutes } from "../src/hosted.ts";
import { app, authorization, serve, topics, until, watchUncaught } from "./serving.ts";

watchUncaught();

interface Raw {
  readonly socket: Socket;
  readonly text: () => string;
  readonly ended: () => boolean;
}

/** A peer that never ends its own side. */
function raw(port: number, bytes: string): Raw {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  let text = "";
  let ended = false;
  const end = (): void => {
    ended = true;
  };
  socket.setEncoding("latin1").on("data", (part: string) => {
    text += part;
  });
  socket.on("error", () => {});
  socket.on("end", end).on("close", end);
  onTestFinished(() => void socket.destroy());
  socket.write(bytes);
  return { socket, text: () => text, ended: () => ended };
}

const post = (path: string, length: number, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`;

/** Pipelined requests whose last body never comes whole, from peers that leave in every way. */
async function attack(port: number, path: string, length: number): Promise<void> {
  const one = post(path, length, "x".repeat(length));
  const leave = [
    (socket: Socket) => socket.end(),
    (socket: Socket) => socket.destroy(),
    (socket: Socket) => socket.resetAndDestroy(),
  ];
  for (let index = 0; index < 200; index += 1) {
    const { socket } = raw(port, one.repeat(20).slice(0, -7));
    if (index % 2 === 0) socket.pause();
    setTimeout(() => leave[index % 3]?.(socket), index % 20);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

it("pipelined requests to the HTTP API with incomplete bodies do not end the process", async () => {
  const { server, port, cut } = await serve();
  await attack(port, "/apps/1/events", 50);
  await attack(port, "/apps/1/events", 300_000);
  cut();
  expect(server.listening).toBe(true);
  const { text } = raw(port, post("/apps/1/events", 300_000, "x"));
  await until(() => text().startsWith("HTTP/1.1 413 "));
});

it("pipelined requests to the routes with incomplete bodies do not end the process", async () => {
  const server = createServer();
  const hub = createHub({ topics, onError: () => {} });
  attachPusherRoutes(hub, server, { app });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  await attack(port, "/bellwire/pusher/hello", 50);
  const { text, ended } = raw(port, `${post("/bellwire/pusher/hello", 600_000, "x")}`);
  // After so many requests it may be too many, before it is too large.
  await until(() => /^HTTP\/1\.1 4(13|29) /.test(text()) && ended());
  expect(text().match(/HTTP\/1\.1 /g)).toHaveLength(1);
});

it("a member that sends a close frame leaves at once, even if its TCP connection stays open", async () => {
  const { hub, port } = await serve();
  const { socket, text } = raw(
    port,
    `GET /app/${app.key}?protocol=7 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  const masked = (opcode: number, payload: Buffer): Buffer =>
    Buffer.concat([
      Buffer.from([0x80 | opcode, 0x80 | 126, payload.length >> 8, payload.length & 0xff]),
      Buffer.alloc(4),
      payload,
    ]);
  await until(() => text().includes("socket_id"));
  const id = /"socket_id\\?":\\?"([\d.]+)/.exec(text())?.[1] ?? "";
  const channel = "presence-room.a";
  const data = { channel, ...authorization(id, channel, { user_id: "ann" }) };
  socket.write(masked(1, Buffer.from(JSON.stringify({ event: "pusher:subscribe", data }))));
  await until(() => hub.members(channel).length === 1);
  const goodbye = performance.now();
  socket.write(Buffer.concat([Buffer.from([0x88, 0x82]), Buffer.alloc(4), Buffer.from([0x03, 0xe8])]));
  await until(() => hub.members(channel).length === 0 && hub.links === 0);
  expect(performance.now() - goodbye).toBeLessThan(1_000);
  expect(socket.destroyed).toBe(false);
});

it("a refused page is reported with its origin, the option that allows it and the headers that a proxy must pass on", async () => {
  const errors: unknown[] = [];
  const { port } = await serve({}, { onError: (error) => void errors.push(error) });
  raw(
    port,
    `GET /app/${app.key}?protocol=7 HTTP/1.1\r\nHost: x\r\nOrigin: https://x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  await until(() => errors.length > 0);
  const [error] = errors.filter(isBellwireError);
  expect(error?.code).toBe("forbidden");
  for (const part of ["https://x", "http://x", "allowedOrigins", "X-Forwarded-Proto"]) {
    expect(error?.message).toContain(part);
  }
});
