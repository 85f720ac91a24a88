/** The client half of the Socket.IO transport, alone and against servers that are no hub. */
import { createHash } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { Duplex } from "node:stream";
import type { CloseCause } from "@bellwire/core";
import type { ClientMessage, Link, ServerMessage } from "@bellwire/core/adapter";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { type SocketIoTransportOptions, socketIoTransport } from "../src/client.ts";
import { connectCause, disconnectCause } from "../src/native/causes.ts";
import { collectUncaught, listen, pause, serve, until } from "./peers.ts";

const uncaught = collectUncaught();

interface Watched {
  readonly link: Link<ClientMessage>;
  readonly calls: string[];
  readonly messages: ServerMessage[];
  readonly causes: CloseCause[];
}

/** A link, and the calls of its observer. */
function watch(options: SocketIoTransportOptions): Watched {
  const calls: string[] = [];
  const messages: ServerMessage[] = [];
  const causes: CloseCause[] = [];
  const link = socketIoTransport(options).connect({
    open: () => void calls.push("open"),
    message(message) {
      calls.push("message");
      messages.push(message);
    },
    malformed: () => void calls.push("malformed"),
    close(cause) {
      calls.push("close");
      causes.push(cause);
    },
  });
  onTestFinished(() => link.close({ code: "normal" }));
  return { link, calls, messages, causes };
}

async function codeOf(watched: Watched): Promise<CloseCause> {
  await until(() => watched.causes.length > 0, "the close");
  await pause(20);
  expect(watched.calls.filter((call) => call === "close")).toHaveLength(1);
  expect(watched.calls.at(-1)).toBe("close");
  expect(watched.calls.lastIndexOf("open")).toBe(watched.calls.length > 1 ? 0 : -1);
  return watched.causes[0] as CloseCause;
}

async function serverOf(listener: RequestListener): Promise<string> {
  return (await listen(createServer(listener))).url;
}

/** A server that upgrades every request and sends these texts. */
async function saying(texts: readonly string[]): Promise<string> {
  const server = createServer();
  server.on("upgrade", ({ headers }, socket: Duplex) => {
    const key = `${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.on("error", () => {});
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    for (const text of texts) {
      const payload = Buffer.from(text);
      const header =
        payload.length < 126
          ? [0x81, payload.length]
          : [0x81, 126, payload.length >> 8, payload.length & 255];
      socket.write(Buffer.concat([Buffer.from(header), payload]));
    }
    socket.end(Buffer.from([0x88, 0]));
  });
  return (await listen(server)).url;
}

const OPEN = '0{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":10000,"maxPayload":65536}';
const CONNECTED = '40/bellwire,{"sid":"n"}';

describe("a connection", () => {
  it.each([[["websocket"]], [["polling"]], [["websocket", "polling"]], [["polling", "websocket"]]] as const)(
    "by %j that cannot be made reports one close and no open",
    async (transports) => {
      const watched = watch({ url: "http://127.0.0.1:1", transports });
      expect(await codeOf(watched)).toMatchObject({ code: "link_lost" });
      expect(watched.calls).toEqual(["close"]);
    },
  );

  it.each([[["websocket"]], [["polling"]]] as const)(
    "by %j can be closed while it is being made, and reports one close afterwards",
    async (transports) => {
      const { url, hub } = await serve();
      const watched = watch({ url, transports });
      watched.link.close({ code: "normal", reason: "done" });
      watched.link.close({ code: "internal" });
      watched.link.send([{ type: "ping" }]);
      expect(watched.calls).toEqual([]);
      expect(await codeOf(watched)).toEqual({ code: "normal", reason: "done" });
      expect(hub.links).toBe(0);
    },
  );

  it.each([
    [401, {}, { code: "unauthorized" }],
    [403, {}, { code: "forbidden" }],
    [413, {}, { code: "too_large" }],
    [429, { "retry-after": "7" }, { code: "rate_limited", retryAfter: 7_000 }],
    [503, { "retry-after": "7" }, { code: "overloaded", retryAfter: 7_000 }],
    [503, { "retry-after": "soon" }, { code: "overloaded" }],
    [500, {}, { code: "link_lost" }],
    [404, {}, { code: "link_lost" }],
    [204, {}, { code: "link_lost" }],
  ])(
    "that is answered %i %j fails with %j, also after a refused WebSocket",
    async (status, headers, cause) => {
      const url = await serverOf((_, response) => response.writeHead(status, headers).end());
      for (const transports of [["polling"], ["websocket", "polling"]] as const) {
        const watched = watch({ url, transports });
        const { reason, ...rest } = await codeOf(watched);
        expect(reason).toBeDefined();
        expect(rest).toEqual(cause);
      }
    },
  );

  it("falls back to long polling where WebSockets are refused", async () => {
    const { server, url, hub } = await serve();
    server.prependListener("upgrade", (_, socket: Duplex) => socket.destroy());
    for (const transports of [undefined, ["polling", "websocket"]] as const) {
      const watched = watch({ url, ...(transports && { transports }) });
      await until(() => watched.calls.includes("open"), "the link");
      watched.link.send([{ type: "hello", protocol: 1, session: "s" }]);
      await until(() => watched.messages.length === 1, "the welcome");
      await pause(100);
      watched.link.send([{ type: "ping" }]);
      await until(() => watched.messages.length === 2, "the pong");
      watched.link.close({ code: "normal" });
      await until(() => hub.links === 0, "the link to go");
    }
  });

  it("asks for its headers anew for each link, and sends them", async () => {
    const seen: (string | undefined)[] = [];
    const url = await serverOf(({ headers }, response) => {
      seen.push(headers.authorization);
      response.writeHead(503).end();
    });
    let links = 0;
    const headers = async () => ({ authorization: `Bearer ${(links += 1)}` });
    for (let n = 0; n < 2; n++) await codeOf(watch({ url, transports: ["polling"], headers }));
    expect(seen).toEqual(["Bearer 1", "Bearer 2"]);
  });

  it("is lost when its headers cannot be read", async () => {
    for (const headers of [
      () => Promise.reject(new Error("no")),
      () => {
        throw new Error("no");
      },
    ]) {
      expect(await codeOf(watch({ url: "http://127.0.0.1:1", headers }))).toMatchObject({
        code: "link_lost",
      });
    }
  });

  it("that the server ends without a bye is a lost link, which is retryable", async () => {
    const { url, sockets } = await serve();
    for (const transports of [["websocket"], ["polling"]] as const) {
      const watched = watch({ url, transports });
      await until(() => watched.calls.includes("open"), "the link");
      // Between two polls there is nothing to be cut.
      const cut = setInterval(() => {
        for (const socket of sockets) socket.destroy();
      }, 5);
      onTestFinished(() => clearInterval(cut));
      expect(await codeOf(watched)).toMatchObject({ code: "link_lost" });
      clearInterval(cut);
    }
  });

  it("closes with the code of a bye, and reports nothing after it", async () => {
    const bye = '42/bellwire,["bellwire",{"type":"bye","code":"draining","retryAfter":70},{"type":"ping"}]';
    const watched = watch({ url: await saying([OPEN, CONNECTED, bye, bye]), transports: ["websocket"] });
    expect(await codeOf(watched)).toMatchObject({ code: "draining", retryAfter: 70 });
    expect(watched.calls).toEqual(["open", "close"]);
  });

  it("reports malformed messages, and goes on", async () => {
    const odd = '42/bellwire,["bellwire",7,{"type":"invented"},{"type":"ping"}]';
    const other = '42/bellwire,["other",{"type":"ping"}]';
    const watched = watch({ url: await saying([OPEN, CONNECTED, odd, other]), transports: ["websocket"] });
    expect(await codeOf(watched)).toMatchObject({ code: "link_lost" });
    expect(watched.calls).toEqual(["open", "malformed", "malformed", "message", "close"]);
  });

  it("closes when it is given data that cannot be encoded", async () => {
    const { url } = await serve();
    const watched = watch({ url, transports: ["websocket"] });
    await until(() => watched.calls.includes("open"), "the link");
    const data = { cycle: {} };
    data.cycle = data;
    watched.link.send([{ type: "publish", ref: 1, topic: "news.a", event: "said", id: "x", data }]);
    expect(await codeOf(watched)).toMatchObject({ code: "invalid_data" });
  });

  it("reports the bytes that it still holds", async () => {
    const { url } = await serve();
    const watched = watch({ url, transports: ["polling"] });
    expect(watched.link.buffered).toBe(0);
    await until(() => watched.calls.includes("open"), "the link");
    const big: ClientMessage = {
      type: "publish",
      ref: 1,
      topic: "a",
      event: "b",
      id: "x",
      data: "x".repeat(1_000),
    };
    watched.link.send([big, big]);
    expect(watched.link.buffered).toBeGreaterThan(1_000);
    await until(() => watched.link.buffered === 0, "it to be gone");
  });
});

describe("packets of a server", () => {
  it.each([
    ["an opening that is no JSON", ["0{"]],
    ["an opening that is null", ["0null"]],
    ["an opening without upgrades", ["0{}"]],
    [
      "an opening with odd times",
      ['0{"sid":7,"upgrades":[{}],"pingInterval":"x","pingTimeout":{}}', CONNECTED],
    ],
    ["a refusal without a message", [OPEN, "44/bellwire,"]],
    ["a refusal that is a text", [OPEN, '44/bellwire,"no"']],
    ["a refusal with odd data", [OPEN, '44/bellwire,{"data":{"code":"__proto__","retryAfter":-1}}']],
    ["a connection to another version", [OPEN, "40/bellwire,"]],
    ["attachments that never come", [OPEN, CONNECTED, '451-/bellwire,["bellwire",{}]', "42/bellwire,[]"]],
    ["events without a name", [OPEN, CONNECTED, "42", "42/bellwire,", "42/bellwire,[]", "42/bellwire,[{}]"]],
    ["acknowledgements that nobody asked for", [OPEN, CONNECTED, "43", "43/bellwire,7[]", "43/bellwire,[1]"]],
    ["a message before the connection", [OPEN, '42/bellwire,["bellwire",{"type":"ping"}]', CONNECTED]],
    ["a connection twice", [OPEN, CONNECTED, CONNECTED]],
    ["a message before anything else", ['42/bellwire,["bellwire",{"type":"ping"}]']],
    ["nothing", []],
  ])("ends in one close and no exception: %s", async (_, texts) => {
    const watched = watch({ url: await saying(texts), transports: ["websocket"] });
    expect(["link_lost", "malformed", "timeout"]).toContain((await codeOf(watched)).code);
  });

  it.each([["websocket" as const], ["polling" as const]])(
    "by %s, whatever their bytes, end in one close and no exception",
    { timeout: 60_000 },
    async (carrier) => {
      const text = fc.oneof(
        fc.constantFrom(
          OPEN,
          CONNECTED,
          "2",
          "3",
          "6",
          "1",
          "41",
          "44",
          "0{}",
          '42/bellwire,["bellwire",{"type":"ping"}]',
        ),
        fc.json().map((json) => `42/bellwire,${json}`),
        fc.json().map((json) => `42/bellwire,["bellwire",${json}]`),
        fc
          .tuple(
            fc.constantFrom("0", "4", "40", "43", "44/bellwire,", "45/bellwire,", "451-/bellwire,", "46"),
            fc.json(),
          )
          .map((parts) => parts.join("")),
        fc.string({ unit: "binary", maxLength: 40 }),
      );
      const property = fc.asyncProperty(
        fc.array(text, { maxLength: 6 }),
        fc.boolean(),
        async (texts, greeted) => {
          const all = greeted ? [OPEN, CONNECTED, ...texts] : texts;
          const server =
            carrier === "websocket"
              ? saying(all)
              : serverOf((_, response) => response.end(all.splice(0, 2).join("\u001e") || undefined));
          const watched = watch({ url: await server, transports: [carrier] });
          // Polling goes on as long as it is answered.
          if (carrier === "polling") setTimeout(() => watched.link.close({ code: "link_lost" }), 20);
          await codeOf(watched);
          expect(uncaught).toEqual([]);
        },
      );
      await fc.assert(property, { seed: 20_260_101, numRuns: 50 });
      await fc.assert(property, { numRuns: 50 });
    },
  );
});

describe("close causes", () => {
  const error = (fields: object): unknown => Object.assign(new Error("x"), fields);

  it("of a refusal carry the hub's own code and reason", () => {
    const data = { code: "unauthorized", message: "the token was refused", retryAfter: 5 };
    expect(connectCause(error({ data }), "/bellwire")).toEqual({
      code: "unauthorized",
      reason: "the token was refused",
      retryAfter: 5,
    });
    for (const odd of [undefined, null, "x", { code: "constructor" }, { code: 1 }]) {
      expect(connectCause(error({ data: odd }), "/bellwire")).toEqual({ code: "link_lost", reason: "x" });
    }
  });

  it("of an end without a bye are link_lost, unless the library knows more", () => {
    expect(disconnectCause("io server disconnect", undefined).code).toBe("link_lost");
    expect(disconnectCause("transport close", { context: { code: 1006 } }).code).toBe("link_lost");
    expect(disconnectCause("transport close", { context: { code: 1009 } }).code).toBe("too_large");
    expect(disconnectCause("transport error", error({ description: 413 })).code).toBe("too_large");
    expect(disconnectCause("transport error", error({ description: 400 })).code).toBe("link_lost");
    expect(disconnectCause("parse error", undefined).code).toBe("malformed");
    expect(disconnectCause("ping timeout", undefined).code).toBe("timeout");
  });
});

describe("options", () => {
  it.each([
    null,
    [],
    {},
    { url: "" },
    { url: "/relative" },
    { url: "ftp://x" },
    { url: "http://x/#a" },
    { url: "http://x/a,b" },
    { url: 1 },
    { url: "http://x", path: "x" },
    { url: "http://x", path: "/x?y" },
    { url: "http://x", transports: [] },
    { url: "http://x", transports: ["webtransport"] },
    { url: "http://x", transports: ["polling", "polling"] },
    { url: "http://x", transports: "polling" },
    { url: "http://x", headers: {} },
    { url: "http://x", withCredentials: 1 },
    { url: "http://x", token: "secret" },
  ])("refuse %j", (options) => {
    expect(() => socketIoTransport(options as never)).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });

  it("are refused without a word of the URL, which may hold a secret", () => {
    expect(() => socketIoTransport({ url: "ftp://user:secret@x" })).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining("secret") as unknown }),
    );
  });
});
