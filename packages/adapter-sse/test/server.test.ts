/** The answers of the endpoint to any HTTP client, on real sockets. */
import { createServer } from "node:http";
import type { ServerMessage } from "@bellwire/core/adapter";
import { describe, expect, it } from "vitest";
import { attachSse } from "../src/server.ts";
import { recordingHub } from "./recording-hub.ts";
import {
  type Answer,
  ask,
  listening,
  openLink,
  openStream,
  pause,
  post,
  raw,
  serving,
  until,
} from "./serving.ts";

const GET = "GET /bellwire/sse HTTP/1.1\r\nHost: x\r\n\r\n";

const hello = (session: string) => ({ type: "hello", protocol: 1, session });
const pong = JSON.stringify([{ type: "pong" }]);
const subscribe = (ref: number) => ({ type: "subscribe", ref, topic: "a" });
const codeOf = ({ body }: Answer): unknown => (JSON.parse(body) as { code: unknown }).code;

describe("a link", () => {
  it("opens with its id, carries batches down and commands up, and reports its end once", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    const stream = await openLink(port);
    expect(stream.response.headers).toMatchObject({
      "content-type": "text/event-stream",
      "cache-control": "no-store, no-transform",
      "x-accel-buffering": "no",
    });
    const [recorded] = hub.links;
    expect(recorded?.handshake).toMatchObject({ transport: "sse", remoteAddress: "127.0.0.1" });
    recorded?.link.send([{ type: "ping" }, { type: "done", ref: 1 }]);
    await until(() => stream.text.endsWith('data: {"type":"ping"}\n\ndata: {"type":"done","ref":1}\n\n'));
    const { status, body } = await post(port, stream.id, 1, JSON.stringify([hello("s1")]));
    expect([status, body]).toEqual([204, ""]);
    stream.destroy();
    await until(() => recorded?.cause !== undefined);
    expect(recorded?.calls).toEqual(["open", "message", "close"]);
    expect(recorded?.cause).toEqual({ code: "link_lost" });
    expect((await post(port, stream.id, 2, pong)).status).toBe(404);
  });

  it("receives one chunk for one batch, encoded once for all links", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    const { text } = raw(port, GET);
    const other = await openLink(port);
    await until(() => hub.links.length === 2 && text().includes("event: link"));
    const before = text().length;
    const batch: ServerMessage[] = [
      { type: "ping" },
      { type: "notification", topic: "a", event: "e", data: "é", offset: 1, time: 2 },
    ];
    for (const { link } of hub.links) link.send(batch);
    await until(() => text().length > before && other.text.includes('"n"'));
    const events = 'data: {"type":"ping"}\n\ndata: ["n","a","e","é",1,2]\n\n';
    expect(text().slice(before)).toBe(`${Buffer.byteLength(events).toString(16)}\r\n${events}\r\n`);
  });

  it("says bye and ends the stream when the hub closes it", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    const stream = await openLink(port);
    hub.links[0]?.link.close({ code: "draining", reason: "deploy", retryAfter: 1_200 });
    hub.links[0]?.link.close({ code: "internal" });
    await until(() => stream.ended);
    expect(stream.text).toMatch(
      /\n\ndata: \{"type":"bye","code":"draining","reason":"deploy","retryAfter":1200\}\n\n$/,
    );
    expect(stream.response.complete).toBe(true);
    await until(() => hub.links[0]?.cause !== undefined);
    expect(hub.links[0]?.cause).toMatchObject({ code: "draining" });
    expect(hub.links[0]?.calls).toEqual(["open", "close"]);
  });

  it("receives comments, which keep its connection alive", async () => {
    const port = await serving(recordingHub(), { comment: 20 });
    const stream = await openLink(port);
    await until(() => /(:\n\n){3}$/.test(stream.text));
  });

  it("serves HTTP/1.0, which has no chunks", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    const { text } = raw(port, "GET /bellwire/sse HTTP/1.0\r\n\r\n");
    await until(() => text().includes('"}\n\n'));
    hub.links[0]?.link.send([{ type: "ping" }]);
    await until(() => text().endsWith('data: {"type":"ping"}\n\n'));
    expect(text()).not.toMatch(/transfer-encoding/i);
    expect(text()).toMatch(/\r\n\r\nevent: link\n/);
  });

  it("survives a peer that ends its half, and one that resets", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    for (const leave of ["end", "resetAndDestroy"] as const) {
      const { socket } = raw(port, GET);
      const count = hub.links.length;
      await until(() => hub.links.length > count);
      await pause(20);
      socket[leave]();
      const recorded = hub.links.at(-1);
      for (let index = 0; index < 5; index += 1) {
        recorded?.link.send([{ type: "ping" }]);
        await pause(5);
      }
      await until(() => recorded?.cause !== undefined, `the close after ${leave}`);
      expect(recorded?.cause?.code).toBe("link_lost");
      socket.destroy();
    }
  });
});

describe("a slow consumer", () => {
  it("is cut at once, and its neighbour goes on undisturbed", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    raw(port, GET).socket.pause();
    await until(() => hub.links.length === 1);
    const neighbour = await openLink(port);
    const [slow, quick] = hub.links;
    const data = "x".repeat(65_536);
    const notified = (offset: number): ServerMessage[] => [
      { type: "notification", topic: "a", event: "e", data, offset, time: 0 },
    ];
    let offset = 0;
    while ((slow?.link.buffered ?? 0) < 1_048_576) {
      offset += 1;
      const batch = notified(offset);
      slow?.link.send(batch);
      quick?.link.send(batch);
      await pause(1);
      expect(offset).toBeLessThan(1_000);
    }
    slow?.link.close({ code: "slow_consumer" });
    await until(() => slow?.cause !== undefined, "the cut", 500);
    expect(slow?.link.buffered).toBe(0);
    await until(() => neighbour.text.includes(`",${offset},0]\n\n`), "everything at the neighbour");
    expect(quick?.cause).toBeUndefined();
  });

  it("that does not take its last message is cut after 5 s", { timeout: 15_000 }, async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    raw(port, GET).socket.pause();
    await until(() => hub.links.length === 1);
    const [slow] = hub.links;
    const batch: ServerMessage[] = [
      { type: "notification", topic: "a", event: "e", data: "x".repeat(1 << 20), offset: 1, time: 0 },
    ];
    for (let index = 0; index < 16; index += 1) slow?.link.send(batch);
    slow?.link.close({ code: "draining" });
    await until(() => slow?.cause !== undefined, "the cut", 10_000);
    expect(slow?.cause?.code).toBe("draining");
  });
});

describe("commands", () => {
  it("reach the hub in order and once, though their requests arrive out of order and twice", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    const { id } = await openLink(port);
    const one = JSON.stringify([hello("s1")]);
    const two = JSON.stringify([subscribe(2), subscribe(3)]);
    const four = JSON.stringify([subscribe(4)]);
    for (const [first, body] of [
      [4, four],
      [2, two],
      [2, two],
      [1, one],
      [1, one],
      [4, four],
    ] as const) {
      expect((await post(port, id, first, body)).status).toBe(204);
    }
    const refs = hub.links[0]?.messages.map((message) => ("ref" in message ? message.ref : message.type));
    expect(refs).toEqual(["hello", 2, 3, 4]);
  });

  it("in parallel requests reach the hub in the order of their numbers", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    const { id } = await openLink(port);
    const numbers = Array.from({ length: 50 }, (_, index) => 50 - index);
    await Promise.all(numbers.map((ref) => post(port, id, ref, JSON.stringify([subscribe(ref)]))));
    const refs = hub.links[0]?.messages.map((message) => ("ref" in message ? message.ref : 0));
    expect(refs).toEqual(numbers.toReversed());
  });

  it("too far ahead of their predecessors are refused", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    const { id } = await openLink(port);
    const many = JSON.stringify(Array.from({ length: 65 }, (_, index) => subscribe(index + 1)));
    expect((await post(port, id, 2, many)).status).toBe(409);
    expect((await post(port, id, 1, many)).status).toBe(204);
    expect(hub.links[0]?.messages.length).toBe(65);
  });

  it("that are malformed are reported to the hub, and the others are delivered", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    const { id } = await openLink(port);
    const body = `[{"type":"nonsense"},${JSON.stringify(hello("s"))},[],null,{"type":"__proto__"}]`;
    expect((await post(port, id, 1, body)).status).toBe(204);
    expect(hub.links[0]?.calls).toEqual([
      "open",
      "malformed",
      "message",
      "malformed",
      "malformed",
      "malformed",
    ]);
    expect((await post(port, id, 6, "not JSON")).status).toBe(400);
    expect(hub.links[0]?.malformed.length).toBe(5);
  });

  it("are refused by status: wrong type, no such link, no number, wrong method", async () => {
    const port = await serving(recordingHub(100));
    const { id } = await openLink(port);
    const form = await post(port, id, 1, pong, { "content-type": "application/x-www-form-urlencoded" });
    expect([form.status, codeOf(form)]).toEqual([415, "malformed"]);
    const foreign = await post(port, crypto.randomUUID(), 1, pong);
    expect([foreign.status, codeOf(foreign)]).toEqual([404, "link_lost"]);
    for (const number of ["0", "-1", "1.5", "x", "9".repeat(30), ""]) {
      expect((await post(port, id, number, pong)).status).toBe(400);
    }
    const put = await ask(port, { method: "PUT" });
    expect([put.status, put.headers.allow]).toEqual([405, "GET, POST, DELETE, OPTIONS"]);
    const fits = JSON.stringify([{ type: "pong", pad: "x".repeat(76) }]);
    expect(fits.length).toBe(102);
    expect((await post(port, id, 1, fits)).status).toBe(204);
  });

  it("end with a goodbye when the client leaves for good; a stream that merely ends is a lost link", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    const [{ id }, other] = [await openLink(port), await openLink(port)];
    const goodbye = { method: "DELETE", path: "/bellwire/sse" };
    expect((await ask(port, { ...goodbye, headers: { "bellwire-link": id } })).status).toBe(204);
    await until(() => hub.links[0]?.cause !== undefined, "the end");
    expect(hub.links[0]?.cause?.code).toBe("normal");
    expect((await ask(port, { ...goodbye, headers: { "bellwire-link": id } })).status).toBe(404);
    expect((await ask(port, { ...goodbye, headers: {} })).status).toBe(404);
    other.response.destroy();
    await until(() => hub.links[1]?.cause !== undefined, "the loss");
    expect(hub.links[1]?.cause?.code).toBe("link_lost");
  });

  it("larger than the hub takes are refused before they were read, with and without a length", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    const { id } = await openLink(port);
    const large = `["${"x".repeat(1_048_576)}"]`;
    const told = await post(port, id, 1, large);
    expect([told.status, codeOf(told)]).toEqual([413, "too_large"]);
    const chunked = await post(port, id, 1, large, { "transfer-encoding": "chunked" });
    expect([chunked.status, codeOf(chunked)]).toEqual([413, "too_large"]);
    expect((await post(port, id, 1, pong)).status).toBe(204);
  });

  it("whose body does not arrive are refused after 10 s", { timeout: 15_000 }, async () => {
    const port = await serving(recordingHub());
    const { id } = await openLink(port);
    const headers = `Content-Type: application/json\r\nBellwire-Link: ${id}\r\nBellwire-Number: 1\r\n`;
    const peer = raw(port, `POST /bellwire/sse HTTP/1.1\r\nHost: x\r\n${headers}Content-Length: 10\r\n\r\n[`);
    await until(() => peer.text().startsWith("HTTP/1.1 408 "), "the answer", 12_000);
    await until(() => peer.ended(), "the end of the connection");
  });
});

describe("origins", () => {
  const good = "https://good.com";
  const from = (origin: string, more = {}) => ({ headers: { origin, ...more } });

  it.each([
    "https://evil.io",
    "https://good.com.evil.io",
    "http://good.com",
    "https://good.com:8443",
    "null",
    "good.com",
    "x",
  ])("refuses a page of %s, by every method", async (origin) => {
    const hub = recordingHub();
    const port = await serving(hub, { allowedOrigins: [good] });
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const answer = await ask(port, { method, ...from(origin) });
      expect([answer.status, codeOf(answer)]).toEqual([403, "forbidden"]);
      expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    }
    expect(hub.links.length).toBe(0);
  });

  it("lets a page of an allowed origin read the stream, and answers its preflight", async () => {
    const port = await serving(recordingHub(), { allowedOrigins: [good] });
    const stream = await openStream(port, from(good));
    expect(stream.response.headers).toMatchObject({
      "access-control-allow-origin": good,
      "access-control-allow-credentials": "true",
      vary: "origin",
    });
    const asked = {
      "access-control-request-method": "POST",
      "access-control-request-headers": "bellwire-link,content-type",
    };
    const preflight = await ask(port, { method: "OPTIONS", ...from(good, asked) });
    expect(preflight.status).toBe(204);
    expect(preflight.headers).toMatchObject({
      "access-control-allow-origin": good,
      "access-control-allow-methods": "GET, POST, DELETE",
      "access-control-allow-headers": "bellwire-link,content-type",
    });
  });

  it("accepts a page of the server's own origin without CORS", async () => {
    const port = await serving(recordingHub());
    const stream = await openStream(port, from(`http://127.0.0.1:${port}`));
    expect(stream.response.statusCode).toBe(200);
    expect(stream.response.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("accepts every page with a star, but none with cookies", async () => {
    const port = await serving(recordingHub(), { allowedOrigins: "*" });
    const stream = await openStream(port, from("https://any.org"));
    expect(stream.response.headers["access-control-allow-origin"]).toBe("*");
    expect(stream.response.headers["access-control-allow-credentials"]).toBeUndefined();
    expect((await ask(port, from("https://any.org", { cookie: "a=b" }))).status).toBe(403);
  });
});

describe("admission", () => {
  it("answers a refusal of the hub with 503 and Retry-After in whole seconds", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    hub.refusing = { code: "overloaded", retryAfter: 1_001 };
    for (const path of ["/bellwire/sse", "/bellwire/sse?topic=a"]) {
      const answer = await ask(port, { path });
      expect([answer.status, answer.headers["retry-after"], codeOf(answer)]).toEqual([
        503,
        "2",
        "overloaded",
      ]);
    }
  });

  it("takes no new link once the hub closes, while commands of open ones are still taken", async () => {
    const hub = recordingHub();
    const port = await serving(hub);
    const { id } = await openLink(port);
    for (const close of hub.closing) close();
    expect((await ask(port)).status).toBe(503);
    expect((await post(port, id, 1, pong)).status).toBe(204);
  });
});

describe("beside other listeners", () => {
  it.each(["before", "after"])(
    "leaves other paths to a listener added %s it, and keeps its own",
    async (when) => {
      const server = createServer();
      const listen = () => server.on("request", (_, response) => void response.end("theirs"));
      if (when === "before") listen();
      attachSse(recordingHub(), server);
      if (when === "after") listen();
      const port = await listening(server);
      expect(await ask(port, { path: "/" })).toMatchObject({ status: 200, body: "theirs" });
      expect((await openLink(port)).text).toMatch(/^event: link/);
    },
  );

  it("answers 404 when nobody else listens, also beside another endpoint, until it is detached", async () => {
    const server = createServer();
    const detach = attachSse(recordingHub(), server, { path: "/one" });
    attachSse(recordingHub(), server, { path: "/two" });
    const port = await listening(server);
    expect((await ask(port, { path: "/" })).status).toBe(404);
    for (const path of ["/one", "/two?x"])
      expect((await openStream(port, { path })).response.statusCode).toBe(200);
    detach();
    expect((await ask(port, { path: "/one" })).status).toBe(404);
  });
});

describe("options", () => {
  it.each([
    { path: "bellwire" },
    { path: "/a?b" },
    { allowedOrigins: ["https://good.com/"] },
    { allowedOrigins: ["https://good.com:443"] },
    { allowedOrigins: "https://good.com" },
    { allowedOrigins: [undefined] },
    { allowQueryToken: "yes" },
    { comment: 0 },
    { comment: 2 ** 31 },
    { comment: Number.NaN },
    { coment: 15 },
    null,
    [],
  ])("refuses %j and names the option", (options) => {
    const [key = ""] = Object.keys(options ?? {});
    const attach = () => attachSse(recordingHub(), createServer(), options as object);
    expect(attach).toThrow(
      expect.objectContaining({
        code: "invalid_option",
        message: expect.stringContaining(`attachSse${key && `.${key}`}`) as unknown,
      }),
    );
  });
});
