/**
 * Requests that are refused: the reasons that the peer, the client and the hub's application
 * receive.
 */
import { createServer } from "node:http";
import { type CloseCause, defineTopics, isBellwireError } from "@bellwire/core";
import { expect, it } from "vitest";
import { sseTransport } from "../src/client.ts";
import { type SseServerOptions, sseHandler } from "../src/server.ts";
import { type Answer, ask, listening, newHub, serving, until } from "./serving.ts";

const topics = defineTopics({ a: {} });

async function start(options: SseServerOptions = {}): Promise<{ port: number; reported: unknown[] }> {
  const reported: unknown[] = [];
  const hub = newHub({ topics, onError: (error) => void reported.push(error) });
  return { port: await serving(hub, options), reported };
}

const told = ({ body }: Answer): { code: unknown; reason: string } =>
  JSON.parse(body) as { code: unknown; reason: string };
const codes = (reported: unknown[]): unknown[] => reported.filter(isBellwireError).map(({ code }) => code);

/** The cause with which the client's link to a URL ends. */
function endOf(url: string, headers: Record<string, string> = {}): Promise<CloseCause> {
  return new Promise((resolve) => {
    const observer = { open() {}, message() {}, malformed() {}, close: resolve };
    sseTransport({ url, headers: () => headers }).connect(observer);
  });
}

it("the refusal of a wrong path lists the paths that are served, to the client and to the application", async () => {
  const { port, reported } = await start();
  const answer = await ask(port, { path: "/elsewhere?token=s3cr3t" });
  expect([answer.status, told(answer).code]).toEqual([404, "link_lost"]);
  for (const part of ["/elsewhere", "/bellwire/sse"]) expect(told(answer).reason).toContain(part);
  expect(answer.body).not.toContain("s3cr3t");
  const cause = await endOf(`http://127.0.0.1:${port}/elsewhere`);
  expect(cause.code).toBe("link_lost");
  expect(cause.reason).toMatch(/^HTTP 404: .*\/elsewhere.*\/bellwire\/sse/);
  expect(codes(reported)).toEqual(["link_lost"]);
});

it("the refusal of a foreign page names its origin, the option that allows it and the headers that a proxy must pass on", async () => {
  const { port, reported } = await start();
  const answer = await ask(port, { headers: { origin: "https://evil.example" } });
  expect([answer.status, told(answer).code]).toEqual([403, "forbidden"]);
  for (const part of ["https://evil.example", "allowedOrigins", "Host", "Origin", "X-Forwarded-Proto"]) {
    expect(told(answer).reason).toContain(part);
  }
  const cause = await endOf(`http://127.0.0.1:${port}/bellwire/sse`, { origin: "https://evil.example" });
  expect(cause).toMatchObject({ code: "forbidden" });
  expect(cause.reason).toMatch(/^HTTP 403: .*https:\/\/evil\.example/);
  expect(codes(reported)).toEqual(["forbidden"]);
});

it("a page of the other scheme is foreign, and behind a proxy that ends TLS its X-Forwarded-Proto decides", async () => {
  const { port } = await start();
  const status = async (scheme: string, headers: Record<string, string> = {}): Promise<number> =>
    (await ask(port, { method: "DELETE", headers: { origin: `${scheme}://127.0.0.1:${port}`, ...headers } }))
      .status;
  expect([await status("http"), await status("https")]).toEqual([404, 403]);
  const proxied = { "x-forwarded-proto": "https" };
  expect([await status("http", proxied), await status("https", proxied)]).toEqual([403, 404]);
});

it("a page cannot claim another scheme by a header, because its browser sends a preflight first", async () => {
  const { port } = await start();
  const headers = {
    origin: `https://127.0.0.1:${port}`,
    "access-control-request-method": "GET",
    "access-control-request-headers": "x-forwarded-proto",
  };
  const preflight = await ask(port, { method: "OPTIONS", headers });
  expect([preflight.status, preflight.headers["access-control-allow-origin"]]).toEqual([403, undefined]);
});

it("a handler of a fetch-style server knows the scheme by the request's URL", async () => {
  const handle = sseHandler(newHub({ topics }));
  const status = async (url: string, origin: string): Promise<number> =>
    (await handle(new Request(url, { method: "DELETE", headers: { origin } }))).status;
  expect(await status("https://app.example/bellwire/sse", "https://app.example")).toBe(404);
  expect(await status("https://app.example/bellwire/sse", "http://app.example")).toBe(403);
  expect(await status("http://app.example/bellwire/sse", "https://app.example")).toBe(403);
});

it("a server that answers with a page is reported by its status, however long the page is", async () => {
  const bodies = ["<html>", '{"reason":7}', "", "x".repeat(10_000)];
  const server = createServer((_, response) => {
    // The body never ends, so the client has to judge by its beginning.
    response.writeHead(502).write(`${bodies.shift() ?? ""} `);
  });
  const port = await listening(server);
  const url = `http://127.0.0.1:${port}/bellwire/sse`;
  const causes = await Promise.all([endOf(url), endOf(url), endOf(url), endOf(url)]);
  expect(causes.map(({ code }) => code)).toEqual(Array(4).fill("link_lost"));
  for (const { reason } of causes) expect(reason).toBe("HTTP status 502");
  await until(() => bodies.length === 0, "every body");
});
