import { connect, createServer, type Server, type Socket } from "node:net";
import {
  type ConnectionFaults,
  type FaultProxy,
  seededRandom,
  startFaultProxy,
} from "@bellwire/core/conformance";
import { afterEach, expect, it } from "vitest";

interface End {
  readonly socket: Socket;
  readonly chunks: Buffer[];
  ended: boolean;
  closed: boolean;
  error: string | undefined;
}

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function watch(socket: Socket): End {
  const end: End = { socket, chunks: [], ended: false, closed: false, error: undefined };
  socket.on("data", (chunk: Buffer) => end.chunks.push(chunk));
  socket.on("end", () => (end.ended = true));
  socket.on("close", () => (end.closed = true));
  socket.on("error", (error: NodeJS.ErrnoException) => (end.error = error.code));
  cleanups.push(() => void socket.destroy());
  return end;
}

const bytesOf = (end: End) => Buffer.concat(end.chunks);

async function until(done: () => boolean, what: string): Promise<void> {
  const limit = performance.now() + 5_000;
  while (!done()) {
    if (performance.now() > limit) throw new Error(`timed out: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const listen = (server: Server) =>
  new Promise<number>((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port));
  });

/** A client and the server's end of its connection, with the proxy in between. */
async function connected(
  faults: ConnectionFaults = {},
): Promise<{ client: End; server: End; proxy: FaultProxy }> {
  let server: End | undefined;
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    server = watch(socket);
  });
  const target = await listen(listener);
  cleanups.push(() => void listener.close());
  const proxy = await startFaultProxy({ target, random: seededRandom(1), plan: () => faults });
  cleanups.push(() => proxy.close());
  const client = watch(connect({ port: proxy.port, host: "127.0.0.1", allowHalfOpen: true, noDelay: true }));
  await until(() => server !== undefined, "the server's end");
  return { client, server: server as unknown as End, proxy };
}

const pattern = (length: number) => Buffer.from(Array.from({ length }, (_, n) => n % 251));

it("passes every byte unchanged, both ways, when there are no faults", async () => {
  const { client, server } = await connected();
  const data = pattern(3_000_000);
  client.socket.write(data);
  server.socket.write(data);
  await until(
    () => bytesOf(server).length === data.length && bytesOf(client).length === data.length,
    "all bytes",
  );
  expect(bytesOf(server).equals(data) && bytesOf(client).equals(data)).toBe(true);
});

it("delays and jitters without changing the order of the bytes", async () => {
  const { client, server } = await connected({ up: { latency: 30, jitter: 20 } });
  const started = performance.now();
  for (let n = 0; n < 10; n++) {
    client.socket.write(Buffer.from([n]));
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  await until(() => bytesOf(server).length === 10, "all bytes");
  expect(performance.now() - started).toBeGreaterThanOrEqual(29);
  expect([...bytesOf(server)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

it("holds the bandwidth", async () => {
  const { client, server } = await connected({ up: { bytesPerSecond: 32_000 } });
  const started = performance.now();
  client.socket.write(pattern(8_000));
  await until(() => bytesOf(server).length === 8_000, "all bytes");
  expect(performance.now() - started).toBeGreaterThan(200);
  expect(performance.now() - started).toBeLessThan(1_000);
});

it("slices to one-byte writes", async () => {
  const { client, server } = await connected({ up: { slice: 1 } });
  client.socket.write(pattern(200));
  await until(() => bytesOf(server).length === 200, "all bytes");
  expect(bytesOf(server).equals(pattern(200))).toBe(true);
  expect(server.chunks.length).toBeGreaterThan(50);
});

it("cuts both sides at exactly the given byte", async () => {
  const { client, server, proxy } = await connected({ up: { accident: { at: 700, kind: "cut" } } });
  client.socket.write(pattern(1_000));
  await until(() => server.ended || server.closed, "the server's end of it");
  await until(() => client.ended || client.closed, "the client's end of it");
  expect(bytesOf(server).length).toBeLessThanOrEqual(700);
  await until(() => proxy.open === 0, "no connection left");
});

it("resets both sides", async () => {
  const { client, server } = await connected({ down: { accident: { at: 10, kind: "reset" } } });
  server.socket.write(pattern(10));
  await until(() => bytesOf(client).length === 10, "the bytes before");
  server.socket.write(pattern(90));
  await until(() => client.closed && server.closed, "both ends closed");
  expect([client.error, server.error]).toEqual(["ECONNRESET", "ECONNRESET"]);
});

it("half-closes: one direction ends, the other goes on", async () => {
  const { client, server } = await connected({ down: { accident: { at: 5, kind: "finish" } } });
  server.socket.write(pattern(10));
  await until(() => client.ended, "FIN at the client");
  expect(bytesOf(client).length).toBe(5);
  client.socket.write(pattern(50));
  await until(() => bytesOf(server).length === 50, "the other direction");
  expect(server.ended).toBe(false);
});

it("freezes like a black hole, hides even the end of a connection, and heals with every byte in order", async () => {
  const { client, server, proxy } = await connected();
  client.socket.write(pattern(100));
  await until(() => bytesOf(server).length === 100, "the first bytes");
  proxy.freeze();
  client.socket.end(pattern(200));
  server.socket.write(pattern(300));
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect([bytesOf(server).length, bytesOf(client).length, server.ended]).toEqual([100, 0, false]);
  proxy.heal();
  await until(() => server.ended && bytesOf(client).length === 300, "everything after the heal");
  expect(bytesOf(server).equals(Buffer.concat([pattern(100), pattern(200)]))).toBe(true);
});

it("freezes one direction at exactly the given byte until it is healed", async () => {
  const { client, server, proxy } = await connected({ up: { accident: { at: 40, kind: "freeze" } } });
  client.socket.write(pattern(100));
  await until(() => bytesOf(server).length === 40, "the bytes before");
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(bytesOf(server).length).toBe(40);
  proxy.heal();
  await until(() => bytesOf(server).length === 100, "the bytes after");
  expect(bytesOf(server).equals(pattern(100))).toBe(true);
});

it("freezes one way when told so, and lets the other pass", async () => {
  const { client, server, proxy } = await connected();
  proxy.freeze("up");
  client.socket.write(pattern(100));
  server.socket.write(pattern(300));
  await until(() => bytesOf(client).length === 300, "the way down");
  expect(bytesOf(server).length).toBe(0);
  proxy.heal();
  await until(() => bytesOf(server).length === 100, "the way up after the heal");
});

it("flips exactly one bit", async () => {
  const { client, server } = await connected({ up: { accident: { at: 60, kind: "corrupt" } } });
  client.socket.write(pattern(100));
  await until(() => bytesOf(server).length === 100, "all bytes");
  const got = bytesOf(server);
  const differing = [...got].flatMap((byte, n) => (byte === n % 251 ? [] : [[n, byte ^ (n % 251)]]));
  expect(differing.map(([n]) => n)).toEqual([60]);
  expect(Math.log2(differing[0]?.[1] ?? 0) % 1).toBe(0);
});

it("duplicates a chunk", async () => {
  const { client, server } = await connected({ up: { accident: { at: 8, kind: "duplicate" } } });
  client.socket.write(pattern(10));
  await until(() => bytesOf(server).length === 12, "ten bytes and two again");
  expect([...bytesOf(server)]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 9]);
});

it("cuts all connections at once, and lets new ones in again", async () => {
  const { client, server, proxy } = await connected();
  proxy.cutAll("reset");
  await until(() => client.closed && server.closed, "both ends closed");
  const again = watch(connect({ port: proxy.port, host: "127.0.0.1" }));
  await until(() => proxy.open === 1, "the new connection");
  expect(again.closed).toBe(false);
  expect(proxy.accepted).toBe(2);
});

it("refuses new connections while told to", async () => {
  const { proxy } = await connected();
  proxy.refuse(true);
  const refused = watch(connect({ port: proxy.port, host: "127.0.0.1" }));
  await until(() => refused.closed, "the refusal");
  expect(refused.error).toBe("ECONNRESET");
});

it("resets the client when the server cannot be reached", async () => {
  const { proxy } = await connected();
  const nobody = createServer();
  const port = await listen(nobody);
  await new Promise((resolve) => nobody.close(resolve));
  proxy.retarget(port);
  const lost = watch(connect({ port: proxy.port, host: "127.0.0.1" }));
  await until(() => lost.closed, "the reset");
});

it("pushes back on a sender whose bytes cannot pass, and holds no more than its cap", async () => {
  const { client, proxy } = await connected();
  proxy.freeze();
  const chunk = pattern(65_536);
  let accepted = 0;
  while (client.socket.write(chunk) && accepted < 400) accepted++;
  await new Promise((resolve) => setTimeout(resolve, 50));
  for (let n = 0; n < 200; n++) client.socket.write(chunk);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(client.socket.writableLength).toBeGreaterThan(1_000_000);
});
