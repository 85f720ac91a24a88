/** Bellwire's own channel and hub, through a Node server and through a fetch-style one. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { defineTopics, type } from "@bellwire/core";
import { createChannel } from "@bellwire/core/client";
import type { Limits } from "@bellwire/core/server";
import { describe, expect, it, onTestFinished } from "vitest";
import { sseTransport } from "../src/client.ts";
import { sseHandler } from "../src/server.ts";
import { recordingHub } from "./recording-hub.ts";
import { listening, newHub, openStream, serving, until } from "./serving.ts";

const topics = defineTopics({
  "news.{country}": { done: type<{ n: number; pad?: string }>(), ask: type<number>() },
});

type Handler = ReturnType<typeof sseHandler>;

/** The port of a Node server around a fetch-style handler, as frameworks make one. */
function serveFetch(handler: Handler): Promise<number> {
  return listening(createServer((request, response) => void answer(handler, request, response)));
}

async function answer(handler: Handler, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.on("close", () => gone.abort());
  const hasBody = request.method === "POST";
  const { status, headers, body } = await handler(
    new Request(`http://${request.headers.host}${request.url}`, {
      method: request.method ?? "GET",
      headers: request.headers as Record<string, string>,
      signal: gone.signal,
      ...(hasBody && { body: Readable.toWeb(request) as unknown as ReadableStream, duplex: "half" }),
    }),
    { remoteAddress: "10.0.0.1" },
  );
  response.writeHead(status, Object.fromEntries(headers));
  response.flushHeaders();
  if (!body) return void response.end();
  const readable = Readable.fromWeb(body as never);
  readable.on("error", () => response.destroy()).pipe(response);
}

it("a channel that is closed leaves no connection behind, even after the signal of its request was collected", async () => {
  setFlagsFromString("--expose-gc");
  const collectGarbage = runInNewContext("gc") as () => void;
  const hub = newHub({ topics });
  const port = await serving(hub);
  const links = 10;
  const channels = Array.from({ length: links }, () =>
    createChannel({ topics, transport: sseTransport({ url: `http://127.0.0.1:${port}/bellwire/sse` }) }),
  );
  for (const channel of channels) await channel.subscribe("news.de").ready();
  expect(hub.links).toBe(links);
  collectGarbage();
  for (const channel of channels) channel.close();
  await until(() => hub.links === 0);
});

describe.each([
  ["a Node server", (hub: Parameters<typeof sseHandler>[0]) => serving(hub)],
  ["a fetch-style server", (hub: Parameters<typeof sseHandler>[0]) => serveFetch(sseHandler(hub))],
])("a channel through %s", (_, serve) => {
  async function start(limits: Partial<Limits> = {}) {
    const hub = newHub({ topics, limits });
    const port = await serve(hub);
    const transport = sseTransport({ url: `http://127.0.0.1:${port}/bellwire/sse` });
    const channel = createChannel({ topics, transport, backoff: { base: 10 } });
    onTestFinished(() => channel.close());
    return { hub, channel };
  }

  it("receives in order, and publishes with an acknowledgement", async () => {
    const { hub, channel } = await start();
    const seen: number[] = [];
    const news = channel.subscribe("news.de");
    news.on("done", ({ data }) => seen.push(data.n));
    await news.ready();
    await channel.publish("news.de", "done", { n: 0 });
    await Promise.all(
      Array.from({ length: 30 }, (__, n) => channel.publish("news.de", "done", { n: n + 1 })),
    );
    await hub.publish("news.de", "done", { n: 31 });
    await until(() => seen.length === 32);
    expect(seen).toEqual(Array.from({ length: 32 }, (__, n) => n));
  });

  it("gets a command's answer", async () => {
    const { hub, channel } = await start();
    hub.handle("news.{country}", "ask", ({ data }) => data * 2);
    expect(await channel.publish("news.de", "ask", 21)).toEqual({ position: null, data: 42 });
  });

  it("answers pings, so that its link stays open", async () => {
    const { hub, channel } = await start({ pingInterval: 1_000, pongTimeout: 1_000 });
    channel.subscribe("news.de");
    await until(() => hub.links === 1);
    await new Promise((resolve) => setTimeout(resolve, 4_500));
    expect([channel.state, hub.links]).toEqual(["connected", 1]);
  });

  it("ends its link when it is closed", async () => {
    const { hub, channel } = await start();
    channel.subscribe("news.de");
    await until(() => hub.links === 1);
    channel.close();
    await until(() => hub.links === 0);
  });
});

describe("a fetch-style server", () => {
  it("counts bytes that its client has not taken, and cuts a slow consumer at once", async () => {
    const hub = recordingHub();
    const handler = sseHandler(hub);
    const response = await handler(new Request("http://x/"));
    const [recorded] = hub.links;
    const first = recorded?.link.buffered ?? 0;
    expect(first).toBeGreaterThan(0);
    recorded?.link.send([{ type: "ping" }]);
    expect(recorded?.link.buffered).toBe(first + 'data: {"type":"ping"}\n\n'.length);
    const reader = response.body?.getReader();
    await reader?.read();
    await reader?.read();
    expect(recorded?.link.buffered).toBe(0);
    recorded?.link.send([{ type: "ping" }]);
    recorded?.link.close({ code: "slow_consumer" });
    expect(recorded?.cause).toEqual({ code: "slow_consumer" });
    await expect(reader?.read()).rejects.toThrow();
  });

  it("delivers everything before the end", async () => {
    const hub = recordingHub();
    const response = await sseHandler(hub)(new Request("http://x/"));
    hub.links[0]?.link.close({ code: "draining" });
    expect(hub.links[0]?.cause).toBeUndefined();
    expect(await response.text()).toMatch(/\n\ndata: \{"type":"bye","code":"draining"\}\n\n$/);
    expect(hub.links[0]?.cause).toEqual({ code: "draining" });
  });

  it("ends the link when the stream is cancelled or the request is aborted", async () => {
    const hub = recordingHub();
    const handler = sseHandler(hub);
    const response = await handler(new Request("http://x/"));
    await response.body?.cancel();
    const gone = new AbortController();
    await handler(new Request("http://x/", { signal: gone.signal }));
    gone.abort();
    expect(hub.links.map(({ cause }) => cause?.code)).toEqual(["link_lost", "link_lost"]);
  });

  it("passes on the remote address, and refuses a foreign origin, a body that is too large and a query token", async () => {
    const hub = recordingHub();
    const port = await serveFetch(sseHandler(hub));
    const stream = await openStream(port);
    expect(hub.links[0]?.handshake.remoteAddress).toBe("10.0.0.1");
    expect(stream.response.headers["content-type"]).toBe("text/event-stream");
    await until(() => stream.text.includes("\n\n"));
    const [, id = ""] = /"link":"([^"]+)"/.exec(stream.text) ?? [];
    const handler = sseHandler(hub);
    expect((await handler(new Request("http://x/", { headers: { origin: "https://evil.io" } }))).status).toBe(
      403,
    );
    expect((await handler(new Request("http://x/?token=t"))).status).toBe(400);
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: "POST",
      headers: { "content-type": "application/json", "bellwire-link": id, "bellwire-number": "1" },
      body: "x".repeat(70_000),
    });
    expect(response.status).toBe(413);
  });

  it("refuses wrong options", () => {
    expect(() => sseHandler(recordingHub(), { path: "/x" } as object)).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });
});
