/**
 * Hostile HTTP over raw TCP: pipelined requests, bodies that never arrive, streams behind streams.
 */
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { defineTopics } from "@bellwire/core";
import type { Hub, Limits } from "@bellwire/core/server";
import { expect, it, onTestFinished } from "vitest";
import { ask, newHub, openLink, openStream, pause, post, raw, serving, until } from "./serving.ts";

const topics = defineTopics({ a: {} });

interface Started {
  readonly hub: Hub<typeof topics.map>;
  readonly server: Server;
  readonly port: number;
}

async function start(limits: Partial<Limits> = {}): Promise<Started> {
  const hub = newHub({ topics, limits });
  const server = createServer();
  return { hub, server, port: await serving(hub, {}, server) };
}

const form = (length: number, body: string): string =>
  `POST /bellwire/sse HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n${body}`;
const stock = "GET /bellwire/sse?topic=a HTTP/1.1\r\nHost: x\r\n\r\n";
const native = "GET /bellwire/sse HTTP/1.1\r\nHost: x\r\n\r\n";

/** Fails the test with the first error that nothing catches. */
function nothingUncaught(): void {
  const errors: unknown[] = [];
  const note = (error: unknown): void => void errors.push(error);
  process.on("uncaughtException", note);
  onTestFinished(() => {
    process.off("uncaughtException", note);
    expect(errors).toEqual([]);
  });
}

it("pipelined POSTs with incomplete bodies harm neither the process nor its other links", async () => {
  nothingUncaught();
  const { hub, server, port } = await start({ linkRate: 1_000 });
  const neighbour = await openLink(port);
  const chunked =
    "POST /bellwire/sse HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";
  const bursts = [
    form(50, "x".repeat(50)).repeat(20).slice(0, -7),
    form(5, "hello").repeat(100).slice(0, -2),
    `${chunked}5\r\nhello\r\n0\r\n\r\n`.repeat(20).slice(0, -9),
    form(20_000, "x".repeat(20_000)).repeat(20).slice(0, -3_000),
    `${form(10, "hello")}world${form(10, "helloworld")}`.repeat(5),
    `${form(5, "hello").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")}${form(5, "hello").repeat(5)}`,
  ];
  const leave = [
    (socket: Socket) => socket.end(),
    (socket: Socket) => socket.destroy(),
    (socket: Socket) => socket.resetAndDestroy(),
  ];
  for (let index = 0; index < 300; index += 1) {
    const { socket } = raw(port, bursts[index % bursts.length] as string);
    if (index % 2 === 0) socket.pause();
    setTimeout(() => leave[index % 3]?.(socket), index % 20);
    await pause(1);
  }
  const open = (): Promise<number> =>
    new Promise((resolve) => server.getConnections((_, count) => resolve(count)));
  const end = performance.now() + 5_000;
  while ((await open()) > 1) {
    expect(performance.now()).toBeLessThan(end);
    await pause(10);
  }
  expect(hub.links).toBe(1);
  expect(
    (await post(port, neighbour.id, 1, JSON.stringify([{ type: "hello", protocol: 1, session: "s" }])))
      .status,
  ).toBe(204);
  await until(() => neighbour.text.includes("welcome"), "the neighbour's welcome");
});

it("a request that is refused with its body unread is answered once, and is the connection's last", async () => {
  const { port } = await start();
  const partial = raw(port, form(10, "hello"));
  await until(() => partial.answers().length === 1, "the answer");
  partial.socket.write(`world${form(5, "hello")}${form(5, "hello")}`);
  await until(partial.ended, "the end of the connection", 1_000);
  expect(partial.answers()).toEqual([415]);
  expect(partial.text()).toContain('{"code":"malformed"');

  const never = raw(port, form(10, "hello"));
  await until(never.ended, "the end of a connection whose body never arrives", 2_000);
  expect(never.answers()).toEqual([415]);
});

it("100 pipelined streams are one link at most, and none after the peer has left", async () => {
  const { hub, port } = await start();
  for (const request of [stock, native]) {
    const peer = raw(port, request.repeat(100));
    await until(peer.ended, "the end of the connection");
    expect(peer.answers().length).toBeLessThanOrEqual(1);
    expect(hub.links).toBe(0);
    const later = raw(port, request);
    await until(() => hub.links === 1 && later.answers().length === 1, "the first stream");
    later.socket.write(request.repeat(99));
    await until(() => hub.links === 0, "no link");
    expect(later.answers()).toEqual([200]);
  }
});

it("connections that pipeline streams do not keep honest clients out of a hub of 1,000 links", async () => {
  const { hub, port } = await start({ links: 1_000 });
  for (let index = 0; index < 11; index += 1) {
    raw(port, stock.repeat(100));
    raw(port, stock).socket.write(stock.repeat(99));
  }
  await until(() => hub.links === 0, "no link");
  expect((await openStream(port, { path: "/bellwire/sse?topic=a" })).response.statusCode).toBe(200);
  expect(hub.links).toBe(1);
});

it("a stream that waits behind an answer of the application ends with its connection", async () => {
  const { hub, server, port } = await start();
  server.on("request", () => {});
  const peer = raw(port, `GET /slow HTTP/1.1\r\nHost: x\r\n\r\n${stock}`);
  await until(() => hub.links === 1, "the link");
  peer.socket.destroy();
  await until(() => hub.links === 0, "no link");
});

it("a stream that was refused leaves no link, and its connection takes the next request", async () => {
  const { hub, port } = await start();
  const peer = raw(port, "GET /bellwire/sse?topic=nothing HTTP/1.1\r\nHost: x\r\n\r\n");
  await until(() => peer.answers().length === 1, "the refusal");
  await until(() => hub.links === 0, "no link");
  peer.socket.write(stock);
  await until(() => peer.answers().length === 2, "the stream");
  expect(peer.answers()).toEqual([404, 200]);
});

it("a request for a stream with a body is refused, because an unread body would hide that the peer leaves", async () => {
  const { hub, port } = await start();
  const peer = raw(port, "GET /bellwire/sse HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx");
  await until(() => peer.answers().length === 1, "the answer");
  expect([peer.answers(), hub.links]).toEqual([[400], 0]);
});

it("2,000 headers, line breaks in ids, and a body of a mebibyte and a byte are answered, and harm no other link", async () => {
  nothingUncaught();
  const { hub, port } = await start();
  const { id } = await openLink(port);
  const many = raw(port, `GET /bellwire/sse HTTP/1.1\r\nHost: x\r\n${"a: b\r\n".repeat(2_000)}\r\n`);
  await until(() => many.answers().length === 1, "an answer to many headers");
  many.socket.destroy();
  const broken = raw(port, `DELETE /bellwire/sse HTTP/1.1\r\nHost: x\r\nBellwire-Link: ${id}\r\n x\r\n\r\n`);
  await until(() => broken.answers().length === 1, "an answer to a folded header");
  expect(broken.answers()[0]).toBeGreaterThanOrEqual(400);
  const large = await ask(
    port,
    {
      method: "POST",
      headers: { "content-type": "application/json", "bellwire-link": id, "bellwire-number": "1" },
    },
    Buffer.alloc(1_048_577, 0x20),
  );
  expect(large.status).toBe(413);
  await until(() => hub.links === 1, "the honest link alone");
});
