/** The client half against any server: well-behaved, broken or hostile. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { CloseCause } from "@bellwire/core";
import type { ClientMessage, Link, ServerMessage } from "@bellwire/core/adapter";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SseTransportOptions, sseTransport } from "../src/client.ts";
import { recordingHub } from "./recording-hub.ts";
import { listening, pause, serving, until } from "./serving.ts";

interface Watched {
  readonly link: Link<ClientMessage>;
  readonly messages: ServerMessage[];
  readonly calls: string[];
  readonly malformed: string[];
  cause?: CloseCause;
}

function watch(url: string, options: Partial<SseTransportOptions> = {}): Watched {
  const messages: ServerMessage[] = [];
  const calls: string[] = [];
  const malformed: string[] = [];
  const note = (call: string): void => {
    // A call before `connect` returned would reach an observer that has no link yet.
    calls.push(returned ? call : `too early: ${call}`);
  };
  let returned = false;
  const link = sseTransport({ url, ...options }).connect({
    open: () => note("open"),
    message(message) {
      note("message");
      messages.push(message);
    },
    malformed(reason) {
      note("malformed");
      malformed.push(reason);
    },
    close(cause) {
      note("close");
      watched.cause = cause;
    },
  });
  returned = true;
  const watched: Watched = { link, messages, calls, malformed };
  return watched;
}

async function urlOf(listener: (...of: Parameters<RequestListener>) => unknown): Promise<string> {
  return `http://127.0.0.1:${await listening(createServer((...of) => void listener(...of)))}/bellwire/sse`;
}

const STREAM = { "content-type": "text/event-stream" };
const LINK = 'event: link\ndata: {"link":"0123456789abcdef"}\n\n';

/** The URL of a server whose stream consists of these bytes. */
function streaming(...parts: (string | Uint8Array)[]): Promise<string> {
  return urlOf(async (_, response: ServerResponse) => {
    response.writeHead(200, STREAM);
    for (const part of parts) {
      response.write(part);
      await pause(2);
    }
    response.end();
  });
}

async function closed(watched: Watched): Promise<CloseCause | undefined> {
  await until(() => watched.cause !== undefined, "the close");
  // A call after the close would have arrived by now.
  await pause(20);
  expect(watched.calls.filter((call) => call === "close").length).toBe(1);
  expect(watched.calls.at(-1)).toBe("close");
  return watched.cause;
}

describe("before the link opens", () => {
  it.each([
    [401, "unauthorized"],
    [403, "forbidden"],
    [413, "too_large"],
    [429, "rate_limited"],
    [503, "overloaded"],
    [404, "link_lost"],
    [500, "link_lost"],
    [204, "link_lost"],
  ])("status %i closes it with %s", async (status, code) => {
    const url = await urlOf((_, response) => void response.writeHead(status, { "retry-after": "2" }).end());
    const watched = watch(url);
    expect(await closed(watched)).toMatchObject({ code, retryAfter: 2_000 });
    expect(watched.calls).toEqual(["close"]);
  });

  it("a wrong content type, a redirect and a refused connection are a lost link", async () => {
    const page = await urlOf(
      (_, response) => void response.writeHead(200, { "content-type": "text/html" }).end(LINK),
    );
    expect(await closed(watch(page))).toMatchObject({ code: "link_lost" });
    const seen: IncomingMessage[] = [];
    const other = await urlOf((request, response) => {
      seen.push(request);
      response.writeHead(200, STREAM).end(LINK);
    });
    const redirect = await urlOf((_, response) => void response.writeHead(302, { location: other }).end());
    const headers = () => ({ authorization: "Bearer secret" });
    expect(await closed(watch(redirect, { headers }))).toMatchObject({ code: "link_lost" });
    expect(seen).toEqual([]);
    expect(await closed(watch("http://127.0.0.1:1/"))).toMatchObject({ code: "link_lost" });
  });

  it("headers that throw, and a fetch that throws, are a lost link", async () => {
    const url = "http://127.0.0.1:1/";
    const failing = () => {
      throw new Error("no");
    };
    expect(await closed(watch(url, { headers: failing }))).toMatchObject({ code: "link_lost" });
    expect(await closed(watch(url, { fetch: failing }))).toMatchObject({ code: "link_lost" });
  });

  it("can be closed, and then never opens", async () => {
    const watched = watch(await streaming(LINK));
    watched.link.close({ code: "normal" });
    expect(watched.calls).toEqual([]);
    expect(await closed(watched)).toEqual({ code: "normal" });
    expect(watched.calls).toEqual(["close"]);
  });

  it.each([
    "data: {}\n\n",
    "event: link\ndata: no\n\n",
    'event: link\ndata: {"link":"short"}\n\n',
    'event: link\ndata: {"link":"0123456789abcdef\\r\\nx: y"}\n\n',
    "event: link\ndata: null\n\n",
  ])("a stream that begins with %j is malformed", async (text) => {
    expect(await closed(watch(await streaming(text)))).toMatchObject({ code: "malformed" });
  });
});

describe("the stream", () => {
  it.each(["\n", "\r", "\r\n"])("is understood with %j as line ends, wherever it is cut", async (end) => {
    const text = `\uFEFF: hi\n\n${LINK}retry: 1\nid: a\0b\ndata: ["n","a","e","é😀",1,2]\n\nid\ndata:{"type":\ndata:"ping"}\n\nevent: other\ndata: x\n\n:\n\ndata: {"type":"bye","code":"draining","retryAfter":7}\n\n`;
    const bytes = Buffer.from(text.replaceAll("\n", end));
    // One byte for each chunk cuts the stream at every place.
    const watched = watch(
      await urlOf((_, response) => {
        response.writeHead(200, STREAM);
        const write = (index: number): void => {
          if (index < bytes.length)
            response.write(bytes.subarray(index, index + 1), () => setImmediate(write, index + 1));
          // A CR at the end of a chunk may be half of CRLF: the parser decides at the next line
          // end.
          else response.end(":\n");
        };
        write(0);
      }),
    );
    expect(await closed(watched)).toEqual({ code: "draining", reason: undefined, retryAfter: 7 });
    expect(watched.messages).toEqual([
      { type: "notification", topic: "a", event: "e", data: "é😀", offset: 1, time: 2 },
      { type: "ping" },
    ]);
  });

  it("may end at any byte: whole messages before it arrive, the truncated one does not, and the link is lost", async () => {
    const messages = ['data: {"type":"ping"}\n\n', 'data: {"type":"done","ref":1}\n\n'];
    const text = `${LINK}${messages.join("")}`;
    const lengths = Array.from({ length: text.length + 1 }, (_, index) => index);
    const url = await urlOf((request, response) => {
      const length = Number(new URLSearchParams(request.url?.split("?")[1]).get("cut"));
      response.writeHead(200, STREAM).write(text.slice(0, length));
      // One half ends properly, the other is cut off.
      if (length % 2 === 0) response.end();
      else setTimeout(() => response.destroy(), 20);
    });
    for (let start = 0; start < lengths.length; start += 20) {
      await Promise.all(
        lengths.slice(start, start + 20).map(async (length) => {
          const watched = watch(`${url}?cut=${length}`);
          expect(await closed(watched)).toMatchObject({ code: "link_lost" });
          const whole = (end: number): boolean => length >= end;
          expect(watched.calls.includes("open")).toBe(whole(LINK.length));
          const ends = [LINK.length + (messages[0]?.length ?? 0), text.length];
          expect(watched.messages.length).toBe(ends.filter(whole).length);
        }),
      );
    }
  });

  it("reports messages that it cannot decode, and goes on", async () => {
    const watched = watch(
      await streaming(LINK, 'data: {"type":"news"}\n\n', "data: [\n\n", 'data: {"type":"ping"}\n\n'),
    );
    await closed(watched);
    expect(watched.calls).toEqual(["open", "malformed", "malformed", "message", "close"]);
  });

  it("delivers nothing after bye", async () => {
    const watched = watch(
      await streaming(LINK, 'data: {"type":"bye","code":"slow_consumer"}\n\ndata: {"type":"ping"}\n\n'),
    );
    expect(await closed(watched)).toMatchObject({ code: "slow_consumer" });
    expect(watched.calls).toEqual(["open", "close"]);
  });

  it.each(["data: ", "x", "data: y\n", "retry: 1\n", "id: 1\n"])(
    "without an end of %j is cut after 1 MiB",
    async (piece) => {
      let sent = 0;
      const url = await urlOf((_, response) => {
        response.writeHead(200, STREAM).write(LINK);
        const block = piece.repeat(Math.ceil(65_536 / piece.length));
        const more = (): void => {
          if (response.destroyed || sent > 8_388_608) return;
          sent += block.length;
          response.write(block, () => setImmediate(more));
        };
        more();
      });
      expect(await closed(watch(url))).toMatchObject({ code: "malformed" });
      expect(sent).toBeLessThan(8_388_608);
    },
  );

  it("of any bytes at all ends in one close and no exception", async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc
        .constantFrom(
          LINK,
          "data: ",
          "event: link\n",
          "\r",
          "\n\n",
          "id: \0\n",
          "retry: 9e9\n",
          '{"type":"ping"}',
          "\uFEFF",
          ":",
        )
        .map((text) => new TextEncoder().encode(text)),
    );
    let body: Uint8Array[] = [];
    const fake: typeof fetch = () => {
      const parts = [...body];
      const stream = new ReadableStream<Uint8Array>({
        pull(controller) {
          const part = parts.shift();
          if (part) controller.enqueue(part);
          else controller.close();
        },
      });
      return Promise.resolve(new Response(stream, { headers: STREAM }));
    };
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 30 }), async (parts) => {
        body = parts;
        const watched = watch("http://127.0.0.1:1/", { fetch: fake });
        while (!watched.cause) await pause(0);
        expect(watched.calls.filter((call) => call === "open").length).toBeLessThanOrEqual(1);
        expect(watched.calls.filter((call) => call === "close").length).toBe(1);
      }),
      { numRuns: 300 },
    );
  });
});

describe("commands", () => {
  const subscribe = (ref: number): ClientMessage => ({ type: "subscribe", ref, topic: "a" });

  it("are sent once and in order, in few requests, one at a time, and followed by a goodbye", async () => {
    const numbers: string[] = [];
    const bodies: unknown[][] = [];
    const goodbyes: unknown[] = [];
    let underWay = 0;
    const url = await urlOf(async (request, response) => {
      if (request.method === "GET") return void response.writeHead(200, STREAM).write(LINK);
      if (request.method === "DELETE") {
        goodbyes.push(request.headers);
        return void response.writeHead(204).end();
      }
      underWay += 1;
      expect(underWay).toBe(1);
      expect(request.headers).toMatchObject({ "bellwire-link": "0123456789abcdef", "x-app": "1" });
      let text = "";
      for await (const part of request.setEncoding("utf8")) text += part as string;
      numbers.push(`${request.headers["bellwire-number"] as string}`);
      bodies.push(JSON.parse(text) as unknown[]);
      await pause(10);
      underWay -= 1;
      response.writeHead(204).end();
    });
    const watched = watch(url, { headers: () => Promise.resolve({ "x-app": "1" }) });
    await until(() => watched.calls.includes("open"));
    watched.link.send([subscribe(1)]);
    watched.link.send([subscribe(2), subscribe(3)]);
    const size = Buffer.byteLength(JSON.stringify([subscribe(1), subscribe(2), subscribe(3)])) - 4;
    expect(watched.link.buffered).toBe(size);
    await until(() => bodies.length === 1);
    watched.link.send([subscribe(4)]);
    watched.link.send([subscribe(5)]);
    await until(() => watched.link.buffered === 0);
    expect(numbers).toEqual(["1", "4"]);
    expect(bodies).toEqual([
      [subscribe(1), subscribe(2), subscribe(3)],
      [subscribe(4), subscribe(5)],
    ]);
    watched.link.close({ code: "normal" });
    await closed(watched);
    await until(() => goodbyes.length > 0);
    expect(goodbyes).toMatchObject([{ "bellwire-link": "0123456789abcdef", "x-app": "1" }]);
  });

  it("stay within the limit of the hub, request by request", async () => {
    const hub = recordingHub(200);
    const port = await serving(hub);
    const watched = watch(`http://127.0.0.1:${port}/bellwire/sse`);
    await until(() => watched.calls.includes("open"));
    hub.links[0]?.link.send([{ type: "welcome", idleTimeout: 1, maxMessageBytes: 200 }]);
    await until(() => watched.messages.length === 1);
    watched.link.send(Array.from({ length: 40 }, (_, index) => subscribe(index + 1)));
    await until(() => hub.links[0]?.messages.length === 40);
    expect(watched.cause).toBeUndefined();
    watched.link.send([{ type: "publish", ref: 99, topic: "a", event: "e", id: "x", data: "x".repeat(200) }]);
    expect(await closed(watched)).toMatchObject({ code: "too_large" });
    await until(() => hub.links[0]?.cause !== undefined);
  });

  it.each([
    [404, "link_lost"],
    [429, "rate_limited"],
    [500, "link_lost"],
  ])("that are answered with %i close the link with %s", async (status, code) => {
    const url = await urlOf((request, response) => {
      if (request.method === "GET") response.writeHead(200, STREAM).write(LINK);
      else response.writeHead(status).end();
    });
    const watched = watch(url);
    await until(() => watched.calls.includes("open"));
    watched.link.send([subscribe(1)]);
    expect(await closed(watched)).toMatchObject({ code });
  });

  it("end, and with them the stream at the server, when the link is closed", async () => {
    const hub = recordingHub();
    const watched = watch(`http://127.0.0.1:${await serving(hub)}/bellwire/sse`);
    await until(() => watched.calls.includes("open"));
    watched.link.close({ code: "normal", reason: "done" });
    watched.link.close({ code: "internal" });
    expect(await closed(watched)).toEqual({ code: "normal", reason: "done" });
    await until(() => hub.links[0]?.cause !== undefined);
  });
});

describe("options", () => {
  it.each([
    {},
    { url: "" },
    { url: "/relative" },
    { url: "ws://x" },
    { url: 1 },
    { url: "http://x", fetch: 1 },
    { url: "http://x", hedaers: () => ({}) },
    null,
  ])("refuses %j", (options) => {
    expect(() => sseTransport(options as SseTransportOptions)).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });

  it("never repeats the URL in an error, because it may hold a secret", () => {
    expect(() => sseTransport({ url: "ws://user:secret@x" })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("secret") as unknown }),
    );
  });
});
