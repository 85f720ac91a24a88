import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { isBellwireError } from "@bellwire/core";
import fc from "fast-check";
import PusherImport from "pusher-js";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  hostedSession,
  isExcluded,
  readAuthAnswer,
  readRouteAnswer,
  readRouteRequest,
  socketOf,
} from "../src/hosted/routes.ts";
import { channelText, isSignature, sign, userText } from "../src/protocol/signature.ts";
import { attachPusher } from "../src/server.ts";
import { type Hosting, host, until } from "./hosting.ts";
import { app } from "./vendor.ts";

const Pusher = PusherImport as unknown as typeof PusherImport.default;

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

interface Answered {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The `code` of an error. */
  readonly code: unknown;
}

/** A request as it is, without anything that a browser or a library would put right. */
function send(
  { url }: Pick<Hosting, "url">,
  route: string,
  { method = "POST", headers = {}, body = "" }: Sent = {},
): Promise<Answered> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/${route}`, { method, headers, agent: false }, (response) => {
      let answer = "";
      response.on("data", (part: Buffer) => (answer += part.toString()));
      response.on("end", () => {
        const { code } = (answer.startsWith("{") ? JSON.parse(answer) : {}) as { code?: unknown };
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: answer, code });
      });
    });
    asked.on("error", reject);
    asked.end(text);
  });
}

const who = { session: "s1", socket: "12.34" };
const ada = { authorization: "Bearer ada" };
const hello = { ...who, messages: [{ type: "hello", protocol: 1, session: "s1" }] };
const subscribe = (topic: string, position?: object): object => ({
  ...who,
  messages: [{ type: "subscribe", ref: 1, topic, ...(position && { position }) }],
});
const publishing = (topic: string, event: string, data: unknown): object => ({
  ...who,
  messages: [{ type: "publish", ref: 5, topic, event, data, id: "p1" }],
});

describe("the route hello", () => {
  it("welcomes a client with a valid token, and sends the time until it expires", async () => {
    const hosting = await host();
    const anonymous = await send(hosting, "hello", { body: hello });
    expect(readRouteAnswer(anonymous.text)).toMatchObject([{ type: "welcome", maxMessageBytes: 9_700 }]);
    const end = Date.now() + 60_000;
    const known = await send(hosting, "hello", {
      body: hello,
      headers: { authorization: `Bearer ada.${end}` },
    });
    const [, expiring] = readRouteAnswer(known.text) ?? [];
    expect(expiring).toMatchObject({ type: "expiring" });
    expect(Number(expiring?.type === "expiring" && expiring.in)).toBeGreaterThan(50_000);
  });

  it("refuses an invalid token with 401, and another version of the protocol with 400", async () => {
    const hosting = await host();
    const wrong = await send(hosting, "hello", { body: hello, headers: { authorization: "Bearer wrong" } });
    expect([wrong.status, wrong.code]).toEqual([401, "unauthorized"]);
    const newer = await send(hosting, "hello", {
      body: { ...who, messages: [{ type: "hello", protocol: 2, session: "s1" }] },
    });
    expect([newer.status, newer.code]).toEqual([400, "unsupported_protocol"]);
  });

  it("answers with draining when the hub is closed", async () => {
    const hosting = await host();
    await hosting.hub.close({ flush: 0, spread: 0 });
    const answer = await send(hosting, "hello", { body: hello });
    expect([answer.status, answer.code, answer.headers["retry-after"]]).toEqual([503, "draining", "1"]);
  });
});

describe("the route auth", () => {
  const form = { "content-type": "application/x-www-form-urlencoded", ...ada };

  it("signs a private channel for a stock client that may subscribe, by form and by JSON", async () => {
    const hosting = await host();
    const bodies = [
      "socket_id=12.34&channel_name=private-orders.ada",
      { socket_id: "12.34", channel_name: "private-orders.ada" },
    ];
    for (const body of bodies) {
      const headers = typeof body === "string" ? form : { ...ada, "content-type": "application/json" };
      const { status, text } = await send(hosting, "auth", { body, headers });
      const { auth } = JSON.parse(text) as { auth: string };
      expect(status).toBe(200);
      expect(auth).toBe(`${app.key}:${sign(app.secret, channelText("12.34", "private-orders.ada"))}`);
    }
  });

  it("names the member in the signature of a presence channel", async () => {
    const hosting = await host();
    const { text } = await send(hosting, "auth", {
      body: "socket_id=12.34&channel_name=presence-room.blue",
      headers: form,
    });
    const { auth, channel_data } = JSON.parse(text) as { auth: string; channel_data: string };
    expect(JSON.parse(channel_data)).toEqual({ user_id: "ada", user_info: { name: "ADA" } });
    expect(
      isSignature(app.secret, channelText("12.34", "presence-room.blue", channel_data), auth.split(":")[1]),
    ).toBe(true);
  });

  it("signs several channels at once, with an error for each that it refuses", async () => {
    const hosting = await host();
    const channels = ["private-orders.ada", "news.nz", "private-encrypted-notes", "private-nothing", "$x"];
    const { text } = await send(hosting, "auth", { body: { ...who, channels }, headers: ada });
    const signed = readAuthAnswer(text) ?? [];
    expect(signed[0]?.auth).toMatch(/^vendor-key:[0-9a-f]{64}$/);
    expect(JSON.parse(text)).toMatchObject({
      channels: [
        { channel: "private-orders.ada" },
        { error: { code: "forbidden" } },
        { error: { code: "forbidden" } },
        { error: { code: "unknown_topic" } },
        { error: { code: "unknown_topic" } },
      ],
    });
  });

  it("refuses a client without the right with 403, and signs for legal socket ids only", async () => {
    const hosting = await host();
    const refused = await send(hosting, "auth", {
      body: "socket_id=12.34&channel_name=private-orders.ada",
      headers: { "content-type": form["content-type"] },
    });
    expect([refused.status, refused.code]).toEqual([403, "forbidden"]);
    for (const socket of ["", "12", "12.34%0Aprivate", "12.34:presence-room.blue", "a.b", "1.2.3"]) {
      const { status, code } = await send(hosting, "auth", {
        body: `socket_id=${socket}&channel_name=private-orders.ada`,
        headers: form,
      });
      expect([status, code], socket).toEqual([400, "malformed"]);
    }
  });
});

describe("a stock pusher-js before the routes", () => {
  it("joins private and presence channels and signs in with the signatures of the routes", async () => {
    const hosting = await host();
    const server = createServer();
    attachPusher(hosting.hub, server, { app });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const options = { transport: "ajax" as const, headers: ada };
    const client = new Pusher(app.key, {
      cluster: "local",
      wsHost: "127.0.0.1",
      wsPort: port,
      forceTLS: false,
      enabledTransports: ["ws"],
      channelAuthorization: { ...options, endpoint: `${hosting.url}/auth` },
      userAuthentication: { ...options, endpoint: `${hosting.url}/user` },
    });
    onTestFinished(async () => {
      client.disconnect();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    const channels = ["private-orders.ada", "presence-room.blue"].map((name) => client.subscribe(name));
    client.signin();
    const { user } = client as unknown as { user: { user_data: { id: string } | null } };
    await until(() => channels.every(({ subscribed }) => subscribed) && user.user_data !== null, "all three");
    expect(user.user_data?.id).toBe("ada");
  });

  it("is not signed in when it is anonymous", async () => {
    const hosting = await host();
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const { status, code } = await send(hosting, "user", { body: "socket_id=12.34", headers: form });
    expect([status, code]).toEqual([403, "forbidden"]);
    const known = await send(hosting, "user", { body: "socket_id=12.34", headers: { ...form, ...ada } });
    const { auth, user_data } = JSON.parse(known.text) as { auth: string; user_data: string };
    expect(auth).toBe(`${app.key}:${sign(app.secret, userText("12.34", user_data))}`);
  });
});

describe("the route history", () => {
  it("answers each message with messages of the protocol", async () => {
    const hosting = await host();
    const position = await hosting.hub.publish("news.nz", "said", { n: 1 });
    await hosting.hub.publish("news.nz", "said", { n: 2 }, { id: "two" });
    const messages = [
      { type: "subscribe", ref: 1, topic: "news.nz", position },
      { type: "subscribe", ref: 2, topic: "news.nz" },
      { type: "subscribe", ref: 3, topic: "news.nz", position: { epoch: "other", offset: 1 } },
      { type: "subscribe", ref: 4, topic: "private-orders.ada" },
      { type: "subscribe", ref: 5, topic: "nothing" },
    ];
    const { text } = await send(hosting, "history", { body: { ...who, messages } });
    expect(readRouteAnswer(text)).toMatchObject([
      { type: "subscribed", ref: 1, topic: "news.nz", position },
      { type: "notification", topic: "news.nz", event: "said", data: { n: 2 }, offset: 2, id: "two" },
      { type: "subscribed", ref: 2, position: { offset: 2 } },
      { type: "subscribed", ref: 3, position: { offset: 2 }, gap: "epoch" },
      { type: "error", ref: 4, code: "forbidden" },
      { type: "error", ref: 5, code: "unknown_topic" },
    ]);
  });

  it("leaves out notifications that exclude the client, on whichever connection it published them", async () => {
    const hosting = await host();
    const first = await hosting.hub.publish("news.nz", "said", { n: 1 });
    const excluded = ["s1", "12.34", hostedSession({ session: "s1", socket: "9.9" }), "somebody else"];
    for (const exclude of excluded) await hosting.hub.publish("news.nz", "said", { n: 2 }, { exclude });
    const { text } = await send(hosting, "history", { body: subscribe("news.nz", first ?? {}) });
    expect(readRouteAnswer(text)?.map(({ type }) => type)).toEqual([
      "subscribed",
      "skip",
      "skip",
      "skip",
      "notification",
    ]);
  });

  it("puts at most a mebibyte of history into an answer, and has the client request the rest again", async () => {
    const hosting = await host();
    const names = Array.from({ length: 30 }, (_, index) => `news.${index}` as const);
    const positions = await Promise.all(names.map((name) => hosting.hub.publish(name, "said", { n: 0 })));
    for (const name of names) await hosting.hub.publish(name, "said", { n: 1, text: "x".repeat(60_000) });
    const messages = names.map((topic, index) => ({
      type: "subscribe",
      ref: index + 1,
      topic,
      position: positions[index],
    }));
    const { text } = await send(hosting, "history", { body: { ...who, messages } });
    expect(text.length).toBeLessThan(1_200_000);
    const later = readRouteAnswer(text)?.filter(({ type }) => type === "error") ?? [];
    expect(later.length).toBeGreaterThan(5);
    expect(later.every((message) => message.type === "error" && message.code === "rate_limited")).toBe(true);
  });
});

describe("the route publish", () => {
  it("answers with the position, or with the hub's own code", async () => {
    const hosting = await host();
    const { text } = await send(hosting, "publish", {
      body: publishing("news.nz", "said", { n: 1 }),
      headers: ada,
    });
    expect(readRouteAnswer(text)).toMatchObject([{ type: "acknowledged", ref: 5, position: { offset: 1 } }]);
    for (const [topic, event, headers, code] of [
      ["news.nz", "nothing", ada, "unknown_event"],
      ["nothing", "said", ada, "unknown_topic"],
      ["private-orders.ada", "said", {}, "forbidden"],
    ] as const) {
      const refused = await send(hosting, "publish", { body: publishing(topic, event, { n: 1 }), headers });
      expect(readRouteAnswer(refused.text)).toMatchObject([{ type: "error", ref: 5, code }]);
    }
  });
});

describe("the route webhooks", () => {
  const body = JSON.stringify({ time_ms: 1, events: [{ name: "channel_occupied", channel: "news.nz" }] });
  const signed = (secret = app.secret, key = app.key): Readonly<Record<string, string>> => ({
    "content-type": "application/json",
    "x-pusher-key": key,
    "x-pusher-signature": sign(secret, body),
  });

  it("accepts events that Pusher has signed, and nothing else", async () => {
    const heard: unknown[] = [];
    const hosting = await host({ routes: { onWebhook: (events) => heard.push(...events) } });
    expect((await send(hosting, "webhooks", { body, headers: signed() })).status).toBe(200);
    expect(heard).toEqual([{ name: "channel_occupied", channel: "news.nz" }]);
    const forged = [
      signed("another secret"),
      signed(app.secret, "another-key"),
      { ...signed(), "x-pusher-signature": "" },
      {},
    ];
    for (const headers of forged)
      expect((await send(hosting, "webhooks", { body, headers })).status).toBe(401);
    expect((await send(hosting, "webhooks", { body: `${body} `, headers: signed() })).status).toBe(401);
    expect(heard).toHaveLength(1);
  });

  it("makes Pusher repeat events on which the application fails, and is missing without a handler", async () => {
    const failing = await host({ routes: { onWebhook: () => Promise.reject(new Error("database away")) } });
    const failed = await send(failing, "webhooks", { body, headers: signed() });
    expect([failed.status, failed.code]).toEqual([500, "internal"]);
    expect(failed.text).not.toContain("database");
    expect(failing.errors).toHaveLength(1);
    expect((await send(await host(), "webhooks", { body, headers: signed() })).status).toBe(404);
  });
});

describe("malformed and forbidden requests", () => {
  it("are each answered with one code", async () => {
    const hosting = await host();
    const cases: readonly (readonly [route: string, sent: Sent, status: number, code: string])[] = [
      ["nothing", { body: hello }, 404, "unknown_topic"],
      ["__proto__", { body: hello }, 404, "unknown_topic"],
      ["hello", { method: "GET" }, 405, "malformed"],
      ["hello", { body: "{" }, 400, "malformed"],
      ["hello", { body: "null" }, 400, "malformed"],
      ["hello", { body: { ...hello, socket: "12.34\n" } }, 400, "malformed"],
      ["hello", { body: { ...hello, session: "two words" } }, 400, "malformed"],
      ["history", { body: hello }, 400, "malformed"],
      ["history", { body: { ...who, messages: [] } }, 400, "malformed"],
      [
        "history",
        {
          body: {
            ...who,
            messages: Array.from({ length: 51 }, () => ({ type: "subscribe", ref: 1, topic: "news.nz" })),
          },
        },
        400,
        "malformed",
      ],
      [
        "auth",
        { body: { ...who, channels: Array.from({ length: 51 }, () => "private-orders.ada") } },
        400,
        "malformed",
      ],
      ["auth", { body: { ...who, channels: ["private-orders.ada", 7] } }, 400, "malformed"],
      ["publish", { body: "x".repeat(524_289) }, 413, "too_large"],
      ["hello", { body: hello, headers: { origin: "https://evil.example" } }, 403, "forbidden"],
      ["hello", { method: "OPTIONS", headers: { origin: "null" } }, 403, "forbidden"],
    ];
    for (const [route, sent, status, code] of cases) {
      const answer = await send(hosting, route, sent);
      expect([answer.status, answer.code], `${route} ${JSON.stringify(sent).slice(0, 80)}`).toEqual([
        status,
        code,
      ]);
    }
    expect(hosting.errors.filter(isBellwireError).map(({ code }) => code)).toEqual(["forbidden"]);
  });

  it("beyond the rate of a client are refused with 429, and those of other clients are answered", async () => {
    const hosting = await host();
    const answers = await Promise.all(
      Array.from({ length: 400 }, () => send(hosting, "hello", { body: hello, headers: ada })),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused[0]).toMatchObject({ code: "rate_limited", headers: { "retry-after": "1" } });
    const bob = await send(hosting, "hello", { body: hello, headers: { authorization: "Bearer bob" } });
    expect(bob.status).toBe(200);
  });

  it("from pages of allowed origins are allowed, with a preflight", async () => {
    const hosting = await host({ routes: { allowedOrigins: ["https://app.example.com"] } });
    const origin = "https://app.example.com";
    const preflight = await send(hosting, "history", {
      method: "OPTIONS",
      headers: { origin, "access-control-request-headers": "authorization,content-type" },
    });
    expect(preflight.headers).toMatchObject({
      "access-control-allow-origin": origin,
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "authorization,content-type",
    });
    const answer = await send(hosting, "hello", { body: hello, headers: { origin } });
    expect([answer.status, answer.headers["access-control-allow-origin"]]).toEqual([200, origin]);
  });

  it("below other paths reach the application", async () => {
    const hosting = await host();
    expect((await send({ url: new URL(hosting.url).origin }, "page")).text).toBe("page");
  });
});

describe("what travels on the routes", () => {
  it("is read without an exception, whatever it holds", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify({ ...who, messages: value })),
        ),
        (text) => {
          for (const route of ["hello", "history", "publish"] as const) readRouteRequest(route, text);
          readRouteAnswer(text);
          readAuthAnswer(text);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("names a session by which Pusher excludes a connection, and the history a channel", () => {
    const name = hostedSession({ session: "a/b", socket: "1.2" });
    expect(socketOf(name)).toBe("1.2");
    expect(socketOf("1.2")).toBe("1.2");
    expect(["", "a", "pusher/x/y", "pusher/", "1.2.3"].map(socketOf)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(isExcluded(name, { session: "a/b", socket: "3.4" })).toBe(true);
    expect(isExcluded(name, { session: "b", socket: "3.4" })).toBe(false);
    expect(isExcluded(undefined, { session: "b", socket: "3.4" })).toBe(false);
  });
});
