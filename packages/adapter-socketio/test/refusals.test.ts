/**
 * A client that cannot connect receives the reason and its remedy. The operator of the server does,
 * too, at most once a minute for each kind.
 */
import { createServer, request as forward } from "node:http";
import { BellwireError, type CloseCause } from "@bellwire/core";
import { Server } from "socket.io";
import { expect, it, onTestFinished } from "vitest";
import { type SocketIoTransportOptions, socketIoTransport } from "../src/client.ts";
import { attachSocketIo } from "../src/server.ts";
import { ask, hubFor, listen, RawPeer, serve, until } from "./peers.ts";

/** The cause for a link that never opened. */
function causeOf(options: SocketIoTransportOptions): Promise<CloseCause> {
  return new Promise((resolve, reject) => {
    const link = socketIoTransport(options).connect({
      open: () => reject(new Error("it is open")),
      message() {},
      malformed() {},
      close: resolve,
    });
    onTestFinished(() => link.close({ code: "normal" }));
  });
}

/** A hub with a server of its own, and the errors that it reports to its application. */
async function listening() {
  const errors: unknown[] = [];
  const served = await serve({}, {}, { onError: (error) => void errors.push(error) });
  const told = (code: string): string[] =>
    errors
      .filter((error): error is BellwireError => error instanceof BellwireError && error.code === code)
      .map(({ message }) => message);
  return { ...served, told };
}

const carriers = [["polling"], ["websocket", "polling"]] as const;

it.each(carriers.map((transports) => ({ transports })))(
  "names, on both sides, a foreign origin and the option that allows it: $transports",
  async ({ transports }) => {
    const { url, told } = await listening();
    const headers = () => ({ origin: "https://app.example.com" });
    const cause = await causeOf({ url, transports, headers });
    expect(cause.code).toBe("forbidden");
    expect(cause.reason).toMatch(/"https:\/\/app\.example\.com".*allowedOrigins.*X-Forwarded-Proto/);
    await causeOf({ url, transports, headers });
    expect(told("forbidden")).toEqual([expect.stringContaining('"https://app.example.com"')]);
  },
);

it.each(carriers.map((transports) => ({ transports })))(
  "names, on both sides, the served paths to a client that asks for another: $transports",
  async ({ transports }) => {
    const errors: unknown[] = [];
    const server = createServer();
    attachSocketIo(hubFor({}, { onError: (error) => void errors.push(error) }), server);
    const { url } = await listen(server);
    const cause = await causeOf({ url, transports, path: "/elsewhere" });
    expect(cause).toMatchObject({
      code: "link_lost",
      reason: expect.stringContaining("/elsewhere") as unknown,
    });
    expect(cause.reason).toContain("served here: /socket.io");
    expect(errors).toEqual([
      expect.objectContaining({ message: expect.stringContaining("served here: /socket.io") as unknown }),
    ]);
  },
);

it("names, on both sides, a namespace without a hub", async () => {
  const { url, told } = await listening();
  for (const transports of carriers) {
    const cause = await causeOf({ url: `${url}/wrong`, transports });
    expect(cause).toMatchObject({
      code: "link_lost",
      reason: expect.stringContaining('"/wrong"') as unknown,
    });
  }
  expect(told("link_lost")).toEqual([expect.stringMatching(/"\/wrong".*\/bellwire/)]);
});

it("reports on the server that a client speaks an older Socket.IO", async () => {
  const { port, told } = await listening();
  expect((await ask(port, "/socket.io/?EIO=3&transport=polling")).status).toBe(400);
  await until(() => told("unsupported_protocol").length === 1, "the older client");
  expect(told("unsupported_protocol")[0]).toContain("socket.io-client 3 or 4");
});

it("explains that a balancer must be sticky when requests of one client reach several processes", async () => {
  const processes = [await serve(), await serve()];
  let requests = 0;
  const balancer = createServer((request, response) => {
    const { port } = processes[requests++ % 2] as (typeof processes)[number];
    const { method, url: path, headers } = request;
    const passed = forward({ port, host: "127.0.0.1", method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    passed.on("error", () => response.destroy());
    request.pipe(passed);
  });
  const { url } = await listen(balancer);
  const cause = await causeOf({ url, transports: ["polling"] });
  expect(cause).toMatchObject({ code: "link_lost", reason: expect.stringContaining("sticky") as unknown });
});

it("passes on the words of an application's middleware that refuses, and the hub's own refusal", async () => {
  const server = createServer();
  const own = new Server(server);
  onTestFinished(() => void own.close());
  own.of("/bellwire").use((_, next) => next(new Error("pay first")));
  attachSocketIo(hubFor(), own);
  attachSocketIo(hubFor(), own, { namespace: "/live" });
  const { url } = await listen(server);
  expect(await causeOf({ url })).toMatchObject({ code: "link_lost", reason: "pay first" });
  const headers = () => ({ origin: "https://app.example.com" });
  expect(await causeOf({ url: `${url}/live`, headers })).toMatchObject({
    code: "forbidden",
    reason: expect.stringContaining("allowedOrigins") as unknown,
  });
  const other = await serve({ links: 1 });
  await new RawPeer(other.port).greet();
  expect(await causeOf({ url: other.url })).toMatchObject({
    code: "overloaded",
    reason: expect.stringContaining("limits.links") as unknown,
    retryAfter: 5_000,
  });
});

it("reports the status and the words of a proxy that refuses", async () => {
  const { url } = await listen(
    createServer((_, response) => response.writeHead(502).end(JSON.stringify({ message: "no upstream" }))),
  );
  expect(await causeOf({ url, transports: ["polling"] })).toMatchObject({
    code: "link_lost",
    reason: "HTTP status 502: no upstream",
  });
});
