/**
 * The server over bare sockets: its events to the letter, and frames that no library would send.
 */
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { ServerMessage } from "@bellwire/core/adapter";
import { createHub } from "@bellwire/core/server";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { bodyDigest, requestText, sign } from "../src/protocol/signature.ts";
import { attachPusher, type PusherServerOptions } from "../src/server.ts";
import {
  app,
  ask,
  authentication,
  authorization,
  type Raw,
  raw,
  serve,
  serverLibrary,
  subscribe,
  topics,
  until,
  watchUncaught,
} from "./serving.ts";

watchUncaught();

const events = ({ heard }: Raw): string[] => heard.map(({ event }) => event);

/** Subscribes to a public channel and waits. */
async function listening(port: number, channel = "news.de"): Promise<Raw> {
  const socket = await raw(port);
  socket.say(subscribe(channel));
  await until(() => socket.heard.length === 2, "the subscription");
  return socket;
}

/** A neighbour that must not notice anything. */
async function neighbour(
  port: number,
  publish: (n: number) => Promise<unknown>,
): Promise<() => Promise<void>> {
  const socket = await listening(port);
  let n = 0;
  return async () => {
    n += 1;
    await publish(n);
    await until(() => socket.heard.length === 2 + n, "the neighbour's event");
    expect(socket.heard.at(-1)).toMatchObject({ event: "done", data: { n } });
    expect(socket.errors).toEqual([]);
  };
}

describe("the wording", () => {
  it("of the first event has a socket id and whole seconds", async () => {
    const { port } = await serve({ activityTimeout: 1_500 });
    const socket = await raw(port);
    expect(socket.texts[0]).toMatch(
      /^\{"event":"pusher:connection_established","data":"\{\\"socket_id\\":\\"\d+\.\d+\\",\\"activity_timeout\\":2\}"\}$/,
    );
  });

  it("of pings, subscriptions and events is Pusher's, with data as a text", async () => {
    const { hub, port } = await serve();
    const socket = await raw(port);
    socket.say({ event: "pusher:ping", data: {} });
    await until(() => socket.heard.length === 2);
    socket.say(subscribe("news.de"));
    await until(() => socket.heard.length === 3);
    await hub.publish("news.de", "done", { n: 1 }, { id: "i1" });
    await until(() => socket.heard.length === 4);
    expect(socket.texts.slice(1)).toEqual([
      '{"event":"pusher:pong","data":"{}"}',
      '{"event":"pusher_internal:subscription_succeeded","channel":"news.de","data":"{}"}',
      '{"event":"done","channel":"news.de","data":"{\\"n\\":1}"}',
    ]);
  });

  it("of presence counts users, and names the sender of a client event in the envelope only", async () => {
    const { port } = await serve({ clientEvents: true });
    const [ann, bob] = [await raw(port), await raw(port)];
    for (const [socket, id] of [
      [ann, "ann"],
      [bob, "bob"],
    ] as const) {
      const member = { user_id: id, ...(id === "bob" && { user_info: { n: 1 } }) };
      socket.say(subscribe("presence-room.a", authorization(socket.socketId, "presence-room.a", member)));
      await until(() => events(socket).includes("pusher_internal:subscription_succeeded"));
    }
    expect(bob.heard[1]?.data).toEqual({
      presence: { count: 2, ids: ["ann", "bob"], hash: { ann: null, bob: { n: 1 } } },
    });
    await until(() => ann.heard.length === 3);
    expect(ann.texts[2]).toBe(
      '{"event":"pusher_internal:member_added","channel":"presence-room.a","data":"{\\"user_id\\":\\"bob\\",\\"user_info\\":{\\"n\\":1}}"}',
    );
    bob.say({ event: "client-typing", channel: "presence-room.a", data: "hm", user_id: "eve" });
    await until(() => ann.heard.length === 4);
    expect(ann.heard[3]).toMatchObject({
      event: "client-typing",
      channel: "presence-room.a",
      user_id: "bob",
      data: "hm",
    });
    bob.say({ event: "pusher:unsubscribe", data: { channel: "presence-room.a" } });
    await until(() => ann.heard.length === 5);
    expect(ann.texts[4]).toBe(
      '{"event":"pusher_internal:member_removed","channel":"presence-room.a","data":"{\\"user_id\\":\\"bob\\"}"}',
    );
    expect(events(bob)).toEqual(["pusher:connection_established", "pusher_internal:subscription_succeeded"]);
  });
});

describe("a connection", () => {
  it.each([
    [`/app/${app.key}?protocol=8`, 4007],
    [`/app/${app.key}`, 4008],
    ["/app/other?protocol=7", 4001],
    [`/app/${app.key}/more?protocol=7`, 4001],
    ["/app/?protocol=7", 4001],
  ])("to %s is closed with %i, and nothing is sent before", async (path, code) => {
    const { hub, port } = await serve();
    const socket = await raw(port, { path, established: false });
    await until(() => socket.closed !== undefined);
    expect([socket.closed?.code, socket.heard]).toEqual([code, []]);
    expect(hub.links).toBe(0);
  });

  it("in version 5, which does not read close codes, receives the code in a message", async () => {
    const { port } = await serve();
    const socket = await raw(port, { path: "/app/other?protocol=5", established: false });
    await until(() => socket.closed !== undefined);
    expect(socket.heard).toMatchObject([{ event: "pusher:error", data: { code: 4001 } }]);
  });

  it.each([
    ["https://evil.example", 4009],
    ["https://good.example.evil.example", 4009],
    ["null", 4009],
    ["https://good.example", undefined],
  ])("from a page of %s is closed with %s", async (origin, code) => {
    const { port } = await serve({ allowedOrigins: ["https://good.example"] });
    const socket = await raw(port, { headers: { origin }, established: code === undefined });
    if (code !== undefined) await until(() => socket.closed !== undefined);
    expect(socket.closed?.code).toBe(code);
  });

  it("beyond the hub's limit is closed with a code after which clients reconnect in a second", async () => {
    const { port } = await serve({}, { limits: { links: 1 } });
    await raw(port);
    const socket = await raw(port, { established: false });
    await until(() => socket.closed !== undefined);
    expect(socket.closed).toEqual({ code: 4100, reason: "overloaded;retryAfter=5000" });
  });

  it("that the application does not authenticate is closed for good", async () => {
    const { port } = await serve({}, { authenticate: () => null });
    const socket = await raw(port, { established: false });
    await until(() => socket.closed !== undefined);
    expect([socket.closed?.code, socket.heard]).toEqual([4009, []]);
  });

  it("that does not read is disconnected, and its memory is released", async () => {
    const { hub, port } = await serve({}, { limits: { queueBytes: 65_536 } });
    const slow = connect(port, "127.0.0.1");
    onTestFinished(() => void slow.destroy());
    slow.on("error", () => {});
    slow.write(
      `GET /app/${app.key}?protocol=7 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    const text = JSON.stringify(subscribe("news.de"));
    await new Promise<void>((resolve) => {
      let greeting = "";
      slow.on("data", (bytes: Buffer) => {
        greeting += bytes.toString("latin1");
        if (greeting.includes("connection_established")) resolve();
      });
    });
    const mask = Buffer.alloc(4);
    slow.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length]), mask, Buffer.from(text)]));
    slow.pause();
    const quick = await listening(port);
    let n = 0;
    while (hub.links === 2 && n < 2_000) {
      n += 1;
      await hub.publish("news.de", "said", { n, filler: "x".repeat(8_000) });
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(hub.links).toBe(1);
    await until(() => quick.heard.length === 2 + n);
  });
});

describe("bad input", () => {
  it.each([
    ["not JSON", "{"],
    ["null", "null"],
    ["an array", "[]"],
    ["a byte order mark", "\ufeff{}"],
    ["no event", {}],
    ["a binary frame", Buffer.from([1, 2, 3])],
    [
      "data that was encoded twice",
      { event: "pusher:subscribe", data: JSON.stringify({ channel: "news.de" }) },
    ],
    ["data that is a list", { event: "pusher:subscribe", data: ["news.de"] }],
    ["no channel", { event: "pusher:subscribe", data: {} }],
    [
      "channel_data as an object",
      subscribe("presence-room.a", { auth: "a:b", channel_data: { user_id: "1" } }),
    ],
    ["a server's event", { event: "pusher:connection_established", data: {} }],
    ["an internal event", { event: "pusher_internal:member_added", channel: "presence-room.a", data: {} }],
    ["an application's event", { event: "done", channel: "news.de", data: { n: 1 } }],
    ["an event that only contains client-", { event: "x-client-y", channel: "private-orders.1", data: {} }],
    ["a client event without a channel", { event: "client-typing", data: {} }],
    ["a client event off the grammar", { event: "client- ", channel: "private-orders.1", data: {} }],
    ["prototype tricks", '{"event":"pusher:subscribe","data":{"__proto__":{"channel":"news.de"}}}'],
  ])("is answered with one error: %s", async (_, text) => {
    const { hub, port } = await serve({ clientEvents: true });
    const undisturbed = await neighbour(port, (n) => hub.publish("news.de", "done", { n }));
    const socket = await raw(port);
    socket.say(text);
    socket.say({ event: "pusher:ping", data: {} });
    await until(() => events(socket).includes("pusher:pong"));
    expect(events(socket)).toEqual(["pusher:connection_established", "pusher:error", "pusher:pong"]);
    expect(socket.errors).toEqual(["malformed"]);
    await undisturbed();
  });

  it.each([
    ["a name off the grammar", subscribe("news de"), "unknown_topic"],
    ["a name with a line break", subscribe("news.de\n"), "unknown_topic"],
    ["an empty name", subscribe(""), "unknown_topic"],
    ["a name that is too long", subscribe("x".repeat(165)), "unknown_topic"],
    ["a reserved name", subscribe("#x"), "unknown_topic"],
    ["a name of the protocol", subscribe("pusher-x"), "unknown_topic"],
    ["a channel that is not in the contract", subscribe("weather"), "unknown_topic"],
    ["a private channel without a signature", subscribe("private-orders.1"), "forbidden"],
    ["a private channel that is not in the contract", subscribe("private-weather"), "forbidden"],
    ["another user's channel", subscribe("#server-to-user-ann"), "forbidden"],
    [
      "a client event on a public channel",
      { event: "client-typing", channel: "news.de", data: {} },
      "forbidden",
    ],
    [
      "a client event where it is not subscribed",
      { event: "client-typing", channel: "private-orders.1", data: {} },
      "forbidden",
    ],
    [
      "a sign-in without a signature",
      { event: "pusher:signin", data: { auth: "", user_data: '{"id":"ann"}' } },
      "unauthorized",
    ],
  ])("is answered with the code of the error: %s", async (_, event, code) => {
    const { hub, port } = await serve({ clientEvents: true }, { authorize: () => true });
    const undisturbed = await neighbour(port, (n) => hub.publish("news.de", "done", { n }));
    const socket = await raw(port);
    socket.say(event);
    await until(() => socket.errors.length === 1, "the error");
    expect(socket.errors).toEqual([code]);
    expect(socket.closed).toBeUndefined();
    await undisturbed();
  });

  it("includes signatures for another key, socket or channel, and repeated subscriptions", async () => {
    const { port } = await serve();
    const [socket, other] = [await raw(port), await raw(port)];
    const channel = "private-orders.1";
    const good = authorization(socket.socketId, channel);
    const signature = good.auth.slice(app.key.length + 1);
    const wrong = [
      { auth: `other:${signature}` },
      authorization(other.socketId, channel),
      authorization(socket.socketId, "private-orders.2"),
      { ...good, channel_data: "{}" },
      { auth: signature },
      { auth: `${app.key}:${signature.toUpperCase()}` },
    ];
    for (const auth of wrong) socket.say(subscribe(channel, auth));
    await until(() => socket.errors.length === wrong.length);
    expect(new Set(socket.errors)).toEqual(new Set(["forbidden"]));
    expect(socket.texts.join()).not.toContain(signature);
    socket.say(subscribe(channel, good));
    await until(() => events(socket).at(-1) === "pusher_internal:subscription_succeeded");
    socket.say(subscribe(channel, good));
    await until(() => socket.errors.length === wrong.length + 1);
    expect(socket.heard.at(-1)?.data).toMatchObject({
      code: null,
      message: `Existing subscription to channel ${channel}`,
      channel,
    });
  });

  it("closes the connection at the fifth text that is no frame, and nothing else does", async () => {
    const { port } = await serve();
    const socket = await raw(port);
    for (let n = 0; n < 30; n += 1) socket.say(subscribe(`private-orders.${n}`));
    await until(() => socket.errors.length === 30);
    for (let n = 0; n < 5; n += 1) socket.say("x");
    await until(() => socket.closed !== undefined);
    expect(socket.closed?.code).toBe(4100);
    expect(socket.errors).toHaveLength(34);
  });

  it("without end ends the connection, whatever it is", async () => {
    const { hub, port } = await serve();
    const undisturbed = await neighbour(port, (n) => hub.publish("news.de", "done", { n }));
    const socket = await raw(port);
    for (let n = 0; n < 1_000; n += 1) socket.say(subscribe(`private-orders.${n}`));
    await until(() => socket.closed !== undefined);
    await undisturbed();
  });

  it("of every kind affects neither the process nor other clients", { timeout: 60_000 }, async () => {
    const { hub, port } = await serve({ clientEvents: true }, { limits: { linkRate: 10_000 } });
    const undisturbed = await neighbour(port, (n) => hub.publish("news.de", "done", { n }));
    const name = fc.oneof(
      fc.constantFrom(
        "news.de",
        "private-orders.1",
        "presence-room.a",
        "cache-news",
        "#server-to-user-1",
        "__proto__",
        "",
      ),
      fc.string(),
    );
    const data = fc.record(
      {
        channel: name,
        auth: fc.oneof(fc.string(), fc.constant(`${app.key}:${"0".repeat(64)}`)),
        channel_data: fc.json(),
        user_data: fc.json(),
      },
      { requiredKeys: [] },
    );
    const event = fc.record(
      {
        event: fc.oneof(
          fc.constantFrom(
            "pusher:subscribe",
            "pusher:unsubscribe",
            "pusher:signin",
            "pusher:ping",
            "client-typing",
            "client-moved",
          ),
          fc.string(),
        ),
        channel: name,
        data: fc.oneof(data, fc.jsonValue()),
      },
      { requiredKeys: ["event"] },
    );
    const text = fc.oneof(
      { weight: 9, arbitrary: event.map((value) => JSON.stringify(value)) },
      { weight: 1, arbitrary: fc.string() },
    );
    const texts = fc.sample(text, { numRuns: 5_000, seed: 20_261_121 });
    let socket = await raw(port);
    for (const [index, sent] of texts.entries()) {
      if (socket.closed) socket = await raw(port);
      socket.say(sent);
      if (index % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await undisturbed();
  });

  it("beyond the largest size closes the connection", async () => {
    const { port } = await serve();
    const socket = await raw(port);
    socket.say(subscribe("news.de", { auth: "x".repeat(70_000) }));
    await until(() => socket.closed !== undefined);
    expect(socket.closed?.code).toBe(1009);
  });

  it("in the data of client events is refused for its size or its depth", async () => {
    const { port } = await serve({ clientEvents: true });
    const socket = await raw(port);
    socket.say(subscribe("private-orders.1", authorization(socket.socketId, "private-orders.1")));
    await until(() => socket.heard.length === 2);
    socket.say({ event: "client-moved", channel: "private-orders.1", data: "x".repeat(10_240) });
    const deep = `${"[".repeat(30_000)}${"]".repeat(30_000)}`;
    socket.say(`{"event":"client-moved","channel":"private-orders.1","data":${deep}}`);
    await until(() => socket.errors.length === 2);
    expect(socket.errors[0]).toBe("too_large");
    expect(["too_large", "invalid_data"]).toContain(socket.errors[1]);
    expect(socket.closed).toBeUndefined();
  });
});

describe("many subscriptions at once", () => {
  it("all succeed, although the hub limits their rate", { timeout: 15_000 }, async () => {
    const { port } = await serve(
      {},
      { limits: { subscribeBurst: 20, subscribeRate: 50, messageBurst: 30, messageRate: 100 } },
    );
    const socket = await raw(port);
    for (let n = 0; n < 100; n += 1) socket.say(subscribe(`news.${n}`));
    await until(() => socket.heard.length === 101, "all subscriptions", 12_000);
    expect(socket.errors).toEqual([]);
    socket.say({ event: "pusher:unsubscribe", data: { channel: "news.1" } });
  });

  it("are refused beyond the hub's limit", async () => {
    const { port } = await serve({}, { limits: { subscriptions: 3 } });
    const socket = await raw(port);
    for (let n = 0; n < 4; n += 1) socket.say(subscribe(`news.${n}`));
    await until(() => socket.heard.length === 5);
    expect(socket.errors).toEqual(["rate_limited"]);
    expect(socket.heard.find(({ event }) => event === "pusher:error")?.data).toMatchObject({
      channel: "news.3",
    });
  });
});

describe("a right that the hub takes", () => {
  it("ends the connection, and nothing more arrives on it", async () => {
    const { hub, port } = await serve({}, { authenticate: () => ({ user: "ann" }), authorize: () => true });
    const socket = await listening(port);
    await hub.revoke("ann", "news.de");
    await hub.publish("news.de", "done", { n: 1 });
    await until(() => socket.closed !== undefined);
    expect(events(socket)).not.toContain("done");
    // Without a number, after which clients come back and have to be authorized again.
    expect(socket.closed?.code).toBe(1006);
    const again = await listening(port);
    await hub.revoke("ann");
    await until(() => again.closed !== undefined);
    expect(again.closed?.code).toBe(4009);
  });
});

describe("the HTTP API", () => {
  interface Call {
    readonly method?: string;
    readonly path?: string;
    readonly body?: string | undefined;
    /** Seconds since 1970. Default: now. */
    readonly timestamp?: number;
    /** Seconds by which the timestamp differs from the time of the call. Default: 0. */
    readonly shift?: number;
    readonly params?: Record<string, string>;
    readonly secret?: string;
    readonly sent?: string;
  }

  /** One signed request. */
  function call(
    port: number,
    {
      method = "POST",
      path = "/apps/1/events",
      body,
      shift = 0,
      timestamp = now() + shift,
      params = {},
      secret = app.secret,
      sent,
    }: Call,
  ) {
    const parameters: Record<string, string> = {
      auth_key: app.key,
      auth_timestamp: `${timestamp}`,
      auth_version: "1.0",
      ...(body !== undefined && { body_md5: bodyDigest(body) }),
      ...params,
    };
    const signature = sign(secret, requestText(method, path, Object.entries(parameters)));
    const query = Object.entries({ ...parameters, auth_signature: signature }).map(
      ([key, value]) => `${key}=${value}`,
    );
    return ask(port, { method, path: `${path}?${query.join("&")}` }, sent ?? body);
  }
  const event = JSON.stringify({ name: "done", channel: "news.de", data: '{"n":1}' });
  const now = (): number => Math.floor(Date.now() / 1_000);

  it("answers a trigger with exactly {}", async () => {
    const { port } = await serve();
    const socket = await listening(port);
    const answer = await call(port, { body: event });
    expect([answer.status, answer.body, answer.headers["content-type"]]).toEqual([
      200,
      "{}",
      "application/json",
    ]);
    await until(() => socket.heard.length === 3);
    expect(socket.heard[2]).toMatchObject({ event: "done", data: { n: 1 } });
  });

  it("accepts the form of 2012", async () => {
    const { port } = await serve();
    const socket = await listening(port);
    const other = await listening(port);
    const params = { name: "done", socket_id: other.socketId };
    const answer = await call(port, { path: "/apps/1/channels/news.de/events", body: '{"n":7}', params });
    expect(answer.status).toBe(202);
    await until(() => socket.heard.length === 3);
    expect(socket.heard[2]).toMatchObject({ event: "done", data: { n: 7 } });
    expect(other.heard).toHaveLength(2);
  });

  it.each([
    ["a timestamp of 601 seconds ago", { body: event, shift: -601 }, 401],
    ["a timestamp in over 601 seconds", { body: event, shift: 620 }, 401],
    ["a wrong secret", { body: event, secret: "wrong" }, 401],
    ["another body than the signed one", { body: event, sent: `${event} ` }, 401],
    ["a body that is not signed at all", { sent: event }, 401],
    ["no JSON", { body: "x" }, 400],
    ["data as an object", { body: '{"name":"done","channel":"news.de","data":{"n":1}}' }, 400],
    [
      "a socket id with a line break",
      { body: '{"name":"done","channel":"news.de","data":"{}","socket_id":"1.1\\n"}' },
      400,
    ],
    [
      "a channel that is not in the contract",
      { body: '{"name":"done","channel":"weather","data":"{}"}' },
      400,
    ],
    [
      "an event that is not in the contract",
      { body: '{"name":"undone","channel":"news.de","data":"{}"}' },
      400,
    ],
    ["an event of the protocol", { body: '{"name":"pusher:error","channel":"news.de","data":"{}"}' }, 400],
    [
      "101 channels",
      {
        body: JSON.stringify({
          name: "done",
          data: "{}",
          channels: Array.from({ length: 101 }, (_, n) => `news.${n}`),
        }),
      },
      400,
    ],
    [
      "11 events",
      {
        path: "/apps/1/batch_events",
        body: JSON.stringify({ batch: Array.from({ length: 11 }, () => JSON.parse(event) as object) }),
      },
      400,
    ],
    [
      "too much data",
      { body: JSON.stringify({ name: "said", channel: "news.de", data: "x".repeat(10_241) }) },
      413,
    ],
    ["a body without end", { body: "x".repeat(300_000) }, 413],
    ["another method", { method: "PUT", body: event }, 404],
    ["another path", { path: "/apps/1/unheard-of", body: event }, 404],
    ["a channel off the grammar", { method: "GET", path: "/apps/1/channels/a b".replace(" ", "%20") }, 400],
    ["a broken escape", { method: "GET", path: "/apps/1/channels/%zz/users" }, 400],
  ])("refuses %s in plain words", async (_, request: Call, status) => {
    const { hub, port } = await serve();
    const undisturbed = await neighbour(port, (n) => hub.publish("news.de", "done", { n }));
    const answer = await call(port, request);
    expect(answer.status).toBe(status);
    expect(answer.headers["content-type"]).toMatch(/^text\/plain/);
    expect(answer.body).not.toMatch(/\.ts|node_modules|app-secret|\n\s+at /);
    await undisturbed();
  });

  it("answers 503 when the hub is closed", async () => {
    const { hub, port } = await serve();
    await hub.close({ flush: 0, spread: 0 });
    expect((await call(port, { body: event })).status).toBe(503);
  });

  it("accepts the signature of a program in another language", async (context) => {
    const { port } = await serve();
    const socket = await listening(port);
    const python = (given: object): string | undefined => {
      const run = spawnSync("python3", [new URL("sign_request.py", import.meta.url).pathname], {
        input: JSON.stringify({
          key: app.key,
          secret: app.secret,
          timestamp: now(),
          params: {},
          body: "",
          ...given,
        }),
        encoding: "utf8",
      });
      if ((run.error as NodeJS.ErrnoException | undefined)?.code === "ENOENT" && !process.env.CI)
        return undefined;
      expect([run.status, run.stderr]).toEqual([0, ""]);
      return run.stdout.trim();
    };
    const body = JSON.stringify({ name: "done", channel: "news.de", data: '{"n":9,"é":"ä"}' });
    const trigger = python({ method: "POST", path: "/apps/1/events", body });
    if (trigger === undefined) return context.skip("python3 is not there");
    expect(await ask(port, { method: "POST", path: trigger }, body)).toMatchObject({
      status: 200,
      body: "{}",
    });
    await until(() => socket.heard.length === 3);
    expect(socket.heard[2]).toMatchObject({ data: { n: 9, é: "ä" } });
    const list = python({
      method: "GET",
      path: "/apps/1/channels",
      params: { filter_by_prefix: "news.,;@=" },
    });
    expect(await ask(port, { path: list ?? "" })).toMatchObject({ status: 200, body: '{"channels":{}}' });
    const user = python({ method: "POST", path: "/apps/1/users/a b é/terminate_connections", body: "{}" });
    expect(await ask(port, { method: "POST", path: user ?? "" }, "{}")).toMatchObject({ status: 200 });
  });
});

describe("beside other listeners", () => {
  it("leaves other paths to them, and serves its own below the option path", async () => {
    const hub = createHub({ topics });
    const server = createServer((_, response) => response.end("page"));
    const detach = attachPusher(hub, server, { app, path: "/push" });
    server.on("upgrade", (request, socket) => {
      if (!request.url?.startsWith("/push/")) socket.end("HTTP/1.1 418 I'm a teapot\r\n\r\n");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(async () => {
      await hub.close({ flush: 0, spread: 0 });
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    const socket = await raw(port, { path: `/push/app/${app.key}?protocol=7` });
    expect((await ask(port, { path: "/" })).body).toBe("page");
    expect((await ask(port, { path: "/apps/1/channels" })).body).toBe("page");
    expect((await ask(port, { path: "/push/apps/2/channels" })).body).toBe("page");
    expect((await ask(port, { path: "/push/apps/1/channels" })).status).toBe(401);
    const upgrade = { connection: "Upgrade", upgrade: "websocket" };
    const teapot = await new Promise<string>((resolve) => {
      const other = connect(port, "127.0.0.1", () =>
        other.write(
          `GET /app/x HTTP/1.1\r\nhost: x\r\nconnection: ${upgrade.connection}\r\nupgrade: ${upgrade.upgrade}\r\n\r\n`,
        ),
      );
      other.once("data", (data) => resolve(data.toString()));
    });
    expect(teapot).toMatch(/ 418 /);
    detach();
    expect((await ask(port, { path: "/push/apps/1/channels" })).body).toBe("page");
    expect(socket.closed).toBeUndefined();
  });

  it("answers 404 for paths without a listener", async () => {
    const hub = createHub({ topics });
    const server = createServer();
    attachPusher(hub, server, { app });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(async () => {
      await hub.close({ flush: 0, spread: 0 });
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    expect((await ask(port, { path: "/" })).status).toBe(404);
  });

  it.each([
    [{}, "attachPusher.app"],
    [{ app: { ...app, secret: "" } }, "attachPusher.app.secret"],
    [{ app: { ...app, id: 1 } }, "attachPusher.app.id"],
    [{ app: { ...app, key: "a/b" } }, "attachPusher.app.key"],
    [{ app: { ...app, name: "x" } }, "attachPusher.app.name"],
    [{ app, path: "push" }, "attachPusher.path"],
    [{ app, path: "/push/" }, "attachPusher.path"],
    [{ app, allowedOrigins: ["example.com"] }, "attachPusher.allowedOrigins"],
    [{ app, clientEvents: "yes" }, "attachPusher.clientEvents"],
    [{ app, activityTimeout: 0 }, "attachPusher.activityTimeout"],
    [{ app, webhooks: ["ftp://x"] }, "attachPusher.webhooks"],
    [{ app, webhooks: [null] }, "attachPusher.webhooks"],
    [{ app, webhooks: [{ url: "ftp://x" }] }, "attachPusher.webhooks.0.url"],
    [
      { app, webhooks: ["http://x", { url: "http://x", events: ["nothing"] }] },
      "attachPusher.webhooks.1.events",
    ],
    [{ app, secret: "x" }, "attachPusher.secret"],
  ])("refuses the options %j and names %s", (options, path) => {
    const attach = (): unknown =>
      attachPusher(createHub({ topics }), createServer(), options as PusherServerOptions);
    expect(attach).toThrow(
      expect.objectContaining({
        code: "invalid_option",
        message: expect.stringContaining(`${path}:`) as string,
      }),
    );
  });
});

describe("Bellwire's own client on a hub that speaks Pusher's protocol", () => {
  /** A connection that carries the messages of PROTOCOL.md. */
  async function native(
    port: number,
  ): Promise<Raw & { readonly messages: (ServerMessage | unknown[])[]; tell(message: object): void }> {
    const socket = await raw(port, { path: `/bellwire/app/${app.key}?protocol=7` });
    const messages: (ServerMessage | unknown[])[] = [];
    socket.socket.on("message", (bytes: Buffer) => {
      const { event, data } = JSON.parse(bytes.toString()) as {
        event: string;
        data: ServerMessage | unknown[];
      };
      if (event === "bellwire:message") messages.push(data);
    });
    const tell = (data: object): void => socket.say({ event: "bellwire:message", data });
    return Object.assign(socket, { messages, tell });
  }
  const hello = { type: "hello", protocol: 1, session: "s1", token: "t" };

  it("sends its token and resumes from its position", async () => {
    const { hub, port } = await serve(
      {},
      { authenticate: ({ token }) => (token === "t" ? { user: "ann" } : null), authorize: () => true },
    );
    const [one, two] = [await native(port), await native(port)];
    for (const socket of [one, two]) socket.tell(hello);
    await until(() => one.messages.length === 1 && two.messages.length === 1);
    const position = await hub.publish("news.de", "done", { n: 1 });
    await hub.publish("news.de", "done", { n: 2 });
    const subscription = {
      type: "subscribe",
      ref: 1,
      topic: "news.de",
      position: { ...position, offset: 1 },
    };
    for (const socket of [one, two]) socket.tell(subscription);
    await until(() => one.messages.length === 3 && two.messages.length === 3);
    expect(one.messages.slice(1)).toEqual([
      { type: "subscribed", ref: 1, topic: "news.de", position: { ...position, offset: 1 } },
      ["n", "news.de", "done", { n: 2 }, 2, expect.any(Number)],
    ]);
    one.tell({ type: "publish", ref: 2, topic: "news.de", event: "done", data: { n: 3 }, id: "i" });
    await until(() => one.messages.length === 5 && two.messages.length === 4);
    one.say({ event: "pusher:ping", data: {} });
    await until(() => events(one).includes("pusher:pong"));
    expect(two.messages.at(-1)).toEqual(["n", "news.de", "done", { n: 3 }, 3, expect.any(Number), "i"]);
  });

  it("receives the cause of a close in a message and by its code", async () => {
    const { port } = await serve({}, { authenticate: () => null });
    const socket = await native(port);
    socket.tell(hello);
    await until(() => socket.closed !== undefined);
    expect(socket.messages).toMatchObject([{ type: "bye", code: "unauthorized" }]);
    expect(socket.closed).toEqual({ code: 4009, reason: "unauthorized" });
  });

  it("accepts messages of the hub's largest size, and none that are larger", async () => {
    const { hub, port } = await serve();
    const message = (size: number): object => {
      const base = { type: "publish", ref: 1, topic: "news.de", event: "said", data: "", id: "i" };
      return { ...base, data: "x".repeat(size - JSON.stringify(base).length) };
    };
    const socket = await native(port);
    socket.tell(hello);
    await until(() => socket.messages.length === 1);
    socket.tell(message(hub.maxMessageBytes));
    await until(() => socket.messages.length === 2);
    expect(socket.messages[1]).toMatchObject({ type: "error", ref: 1, code: "forbidden" });
    socket.tell(message(hub.maxMessageBytes + 1));
    await until(() => socket.closed !== undefined);
    expect(socket.closed?.code).toBe(1009);
  });

  it("is disconnected after five texts that are no messages, including Pusher's own subscriptions", async () => {
    const { port } = await serve();
    const socket = await native(port);
    socket.tell(hello);
    await until(() => socket.messages.length === 1);
    for (const text of [
      "x",
      "null",
      { event: "bellwire:message" },
      subscribe("news.de"),
      { event: "bellwire:message", data: "{}" },
    ])
      socket.say(text);
    await until(() => socket.closed !== undefined);
    expect(socket.messages.slice(1).map((message) => (message as { code: string }).code)).toEqual(
      Array.from({ length: 5 }, () => "malformed"),
    );
  });
});

describe("a user who is signed in", () => {
  it("cannot sign in as another, and is signed out with the connection", async () => {
    const { port } = await serve();
    const socket = await raw(port);
    const signin = (id: string) => ({
      event: "pusher:signin",
      data: authentication(socket.socketId, { id }),
    });
    socket.say(signin("ann"));
    socket.say(signin("bob"));
    await until(() => socket.heard.length === 3);
    expect(events(socket).slice(1)).toEqual(["pusher:signin_success", "pusher:error"]);
    expect(socket.heard[1]?.data).toEqual({ user_data: '{"id":"ann"}' });
    socket.say(subscribe("#server-to-user-bob"));
    socket.say(subscribe("#server-to-user-ann"));
    await until(() => socket.heard.length === 5);
    expect(events(socket).slice(3)).toEqual(["pusher:error", "pusher_internal:subscription_succeeded"]);
    const library = serverLibrary(port);
    await library.sendToUser("ann", "hello", "a text");
    await until(() => socket.heard.length === 6);
    expect(socket.heard[5]).toEqual({ event: "hello", channel: "#server-to-user-ann", data: "a text" });
    socket.socket.close();
    await until(() => socket.closed !== undefined);
    await library.sendToUser("ann", "hello", { n: 1 });
  });
});
