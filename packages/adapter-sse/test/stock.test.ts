/** Stock clients on a real hub: the `eventsource` package, which follows the standard, and curl. */
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { Socket } from "node:net";
import { BellwireError, defineTopics, type, volatile } from "@bellwire/core";
import type { Limits } from "@bellwire/core/server";
import { EventSource } from "eventsource";
import { describe, expect, it, onTestFinished } from "vitest";
import type { SseServerOptions } from "../src/server.ts";
import { ask, newHub, openStream, pause, serving, until } from "./serving.ts";

const topics = defineTopics({
  "news.{country}": { done: type<{ n: number }>(), typing: volatile(type<string>()) },
  "private-orders.{user}": { done: type<{ n: number }>() },
  "presence-room": { done: type<{ n: number }>() },
  open: { "*": type<unknown>() },
});

/**
 * A hub whose users are named by their tokens. Everybody may read news, and users may read their
 * own orders. `cut` resets all connections.
 */
async function start(options: SseServerOptions = {}, limits: Partial<Limits> = {}) {
  const hub = newHub({
    topics,
    limits,
    authenticate({ token }) {
      if (token === "w0rng") throw new BellwireError("unauthorized", "the token is wrong");
      return token === undefined ? {} : { user: token };
    },
    authorize: ({ topic, identity }) =>
      topic === "open" ||
      topic.startsWith("news.") ||
      topic === "presence-room" ||
      topic === `private-orders.${identity.user}`,
  });
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  const port = await serving(hub, options, server);
  const cut = (): void => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return { hub, port, url: `http://127.0.0.1:${port}/bellwire/sse`, cut };
}

interface Listening {
  readonly source: EventSource;
  /** `event:data`, in order. */
  readonly events: string[];
  readonly ids: string[];
}

function listen(url: string, init?: ConstructorParameters<typeof EventSource>[1]): Listening {
  const source = new EventSource(url, init);
  onTestFinished(() => source.close());
  const events: string[] = [];
  const ids: string[] = [];
  for (const name of [
    "done",
    "typing",
    "bellwire-ready",
    "bellwire-gap",
    "bellwire-error",
    "bellwire-members",
    "bellwire-joined",
    "bellwire-left",
  ]) {
    source.addEventListener(name, ({ data, lastEventId }) => {
      events.push(`${name}:${data as string}`);
      ids.push(lastEventId);
    });
  }
  return { source, events, ids };
}

/** The options of a source with a token. */
const as = (user: string): ConstructorParameters<typeof EventSource>[1] => ({
  fetch: (url, init) =>
    fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${user}` } }),
});

const done = (n: number): string => `done:{"n":${n}}`;
const path = (query: string): string => `/bellwire/sse?${query}`;
const onlyDone = ({ events }: Listening): string[] => events.filter((event) => event.startsWith("done:"));

describe("a stock EventSource", () => {
  it.each(["order:shipped", "App\\Events\\OrderShipped", 'said "hello"', "заказ:отправлен"])(
    "receives an event called %j",
    async (event) => {
      const { hub, url } = await start();
      const { source, events } = listen(`${url}?topic=open`);
      const heard: unknown[] = [];
      source.addEventListener(event, ({ data }) => heard.push(JSON.parse(data as string)));
      await until(() => events.length === 1);
      await hub.publish("open", event, { any: "data" });
      await until(() => heard.length === 1);
      expect(heard).toEqual([{ any: "data" }]);
    },
  );

  it("is a member of presence topics, and receives who joins and leaves", async () => {
    const { url } = await start();
    const ada = listen(`${url}?topic=presence-room`, as("ada"));
    await until(() => ada.events.length === 2);
    const bob = listen(`${url}?topic=presence-room`, as("bob"));
    await until(() => bob.events.length === 2);
    expect(bob.events[1]).toBe(
      'bellwire-members:{"topic":"presence-room","members":[{"id":"ada"},{"id":"bob"}],"count":2}',
    );
    expect(ada.events.slice(2)).toEqual(['bellwire-joined:{"topic":"presence-room","member":{"id":"bob"}}']);
  });

  it("receives native events of every topic, after one that says that it is ready", async () => {
    const { hub, url } = await start();
    const client = listen(`${url}?topic=news.de&topic=news.fr&topic=news.de`);
    await until(() => client.events.length === 1);
    expect(client.events).toEqual(['bellwire-ready:{"topics":["news.de","news.fr"]}']);
    await hub.publish("news.de", "done", { n: 1 });
    await hub.publish("news.fr", "typing", "hm\r\nhm");
    await hub.publish("news.fr", "done", { n: 2 });
    await until(() => client.events.length === 4);
    expect(client.events.slice(1)).toEqual([done(1), 'typing:"hm\\r\\nhm"', done(2)]);
    // A volatile event has no id. By the standard a client then reports its last id; this one
    // reports none, but resumes by the last.
    expect(client.ids.map((id) => id !== "")).toEqual([true, true, false, true]);
    expect(new Set(client.ids).size).toBe(4);
  });

  it("receives the past that ?history= and ?since= ask for first, and not again when it resumes", {
    timeout: 30_000,
  }, async () => {
    const { hub, url, cut } = await start();
    for (const n of [1, 2, 3]) await hub.publish("news.de", "done", { n });
    await pause(20);
    const since = Date.now();
    for (const n of [4, 5]) await hub.publish("news.de", "done", { n });
    const client = listen(`${url}?topic=news.de&topic=news.fr&history=4`);
    const late = listen(`${url}?topic=news.de&since=${since}`);
    const least = listen(`${url}?topic=news.de&since=${since}&history=1`);
    await until(() => client.events.length === 5 && late.events.length === 3 && least.events.length === 2);
    expect(client.events[0]).toBe('bellwire-ready:{"topics":["news.de","news.fr"]}');
    cut();
    await hub.publish("news.de", "done", { n: 6 });
    await until(() => [client, late, least].every(({ events }) => events.at(-1) === done(6)), "6", 8_000);
    expect(onlyDone(client)).toEqual([2, 3, 4, 5, 6].map(done));
    expect(onlyDone(late)).toEqual([4, 5, 6].map(done));
    expect(onlyDone(least)).toEqual([5, 6].map(done));
  });

  it("resumes every topic by the last event id after the server cut the connection", {
    timeout: 30_000,
  }, async () => {
    const { hub, url, cut } = await start();
    const client = listen(`${url}?topic=news.de&topic=news.fr`);
    await until(() => client.events.length === 1);
    let n = 0;
    for (let round = 0; round < 3; round += 1) {
      await hub.publish("news.de", "done", { n: (n += 1) });
      await hub.publish("news.fr", "done", { n: (n += 1) });
      await until(() => onlyDone(client).length === n);
      cut();
      await hub.publish("news.fr", "done", { n: (n += 1) });
      await hub.publish("news.de", "done", { n: (n += 1) });
      await until(() => onlyDone(client).length === n, "what was missed", 8_000);
    }
    // Topics may overtake each other, so each is compared by itself.
    const numbers = onlyDone(client).map((event) => Number(/\d+/.exec(event)?.[0]));
    const de = [1, 4, 5, 8, 9, 12];
    expect(numbers.filter((number) => de.includes(number))).toEqual(de);
    expect(numbers.filter((number) => !de.includes(number))).toEqual([2, 3, 6, 7, 10, 11]);
    expect(client.events.filter((event) => event.startsWith("bellwire-gap"))).toEqual([]);
  });

  it("loses nothing when the connection is cut before the first notification", {
    timeout: 15_000,
  }, async () => {
    const { hub, url, cut } = await start();
    const client = listen(`${url}?topic=news.de`);
    await until(() => client.events.length === 1);
    cut();
    await hub.publish("news.de", "done", { n: 1 });
    await until(() => onlyDone(client).length === 1, "what was missed", 8_000);
  });

  it("receives a gap before any later event when the events that it missed are gone", {
    timeout: 15_000,
  }, async () => {
    const { hub, url, cut } = await start({}, { recovery: 2 });
    const client = listen(`${url}?topic=news.de`);
    await until(() => client.events.length === 1);
    cut();
    for (const n of [1, 2, 3, 4]) await hub.publish("news.de", "done", { n });
    await until(() => client.events.length === 3, "the gap", 8_000);
    await hub.publish("news.de", "done", { n: 5 });
    await until(() => onlyDone(client).length === 1);
    expect(client.events[1]).toMatch(
      /^bellwire-gap:\{"topic":"news.de","reason":"limit","position":\{.*"offset":4\}\}$/,
    );
    expect(client.events[3]).toBe(done(5));
  });

  it("stops for good when its topic is refused, and keeps its other topics when the hub ends a subscription", {
    timeout: 15_000,
  }, async () => {
    const { hub, url } = await start({ allowQueryToken: true });
    const refused = listen(`${url}?topic=private-orders.u1`);
    const [status] = await new Promise<[number | undefined]>((resolve) => {
      refused.source.onerror = ({ code }) => resolve([code]);
    });
    expect([status, refused.source.readyState]).toEqual([403, EventSource.CLOSED]);
    const allowed = listen(`${url}?topic=private-orders.u1&topic=news.de&token=u1`);
    await until(() => allowed.events.length === 1);
    await hub.revoke("u1", "private-orders.u1");
    await until(() => allowed.events.length === 2);
    expect(allowed.events[1]).toMatch(
      /^bellwire-error:\{"code":"forbidden",.*"topic":"private-orders.u1"\}$/,
    );
    await hub.publish("private-orders.u1", "done", { n: 1 });
    await hub.publish("news.de", "done", { n: 2 });
    await until(() => allowed.events.length === 3);
    expect(allowed.events[2]).toBe(done(2));
  });

  it("receives from a hub that drains the time to come back", async () => {
    const { hub, port } = await start();
    const stream = await openStream(port, { path: path("topic=news.de") });
    await until(() => stream.text.includes("bellwire-ready"));
    await hub.close({ spread: 1_000 });
    await until(() => stream.ended);
    expect(stream.text).toMatch(
      /\n\nretry: \d{1,4}\n\nevent: bellwire-error\ndata: \{"code":"draining",.*\}\n\n$/,
    );
  });
});

describe("the status of a stock stream", () => {
  it.each([
    ["topic=private-orders.u1", {}, 403, "forbidden"],
    ["topic=news.de&topic=private-orders.u2", { authorization: "Bearer u1" }, 403, "forbidden"],
    ["topic=news.de", { authorization: "Bearer w0rng" }, 401, "unauthorized"],
    ["topic=weather", {}, 404, "unknown_topic"],
    ["topic=%23x", {}, 400, "malformed"],
    ["topic=a%0d%0aid:%201", {}, 400, "malformed"],
    ["topic=news.de&token=u1", {}, 400, "malformed"],
    ["token=u1", {}, 400, "malformed"],
    ["topic=news.de", { "last-event-id": "forged" }, 400, "malformed"],
    ["topic=news.de&cursor=__proto__", {}, 400, "malformed"],
    ["topic=news.de&history=-1", {}, 400, "malformed"],
    ["topic=news.de&history=", {}, 400, "malformed"],
    ["topic=news.de&history=1e9", {}, 400, "malformed"],
    [`topic=news.de&since=${"9".repeat(16)}`, {}, 400, "malformed"],
    [`topic=news.de&cursor=${"a:b:1/".repeat(1_000)}`, {}, 400, "malformed"],
  ])("of %s with %j is %i", async (query, headers, status, code) => {
    const { port } = await start();
    const answer = await ask(port, { path: path(query), headers });
    expect([answer.status, (JSON.parse(answer.body) as { code: string }).code]).toEqual([status, code]);
    expect(answer.body).not.toMatch(/u1|w0rng|forged|__proto__/);
  });

  it("is 200 with the right token, from the header, or from the URL where that is enabled", async () => {
    const { port } = await start({ allowQueryToken: true });
    const headers = { authorization: "Bearer u1" };
    for (const options of [
      { path: path("topic=private-orders.u1"), headers },
      { path: path("topic=private-orders.u1&token=u1") },
    ]) {
      expect((await openStream(port, options)).response.statusCode).toBe(200);
    }
  });

  it("is 200 with a foreign or a future cursor, and then a gap comes first", async () => {
    const { hub, port } = await start();
    const first = await openStream(port, { path: path("topic=news.de") });
    await hub.publish("news.de", "done", { n: 1 });
    await until(() => first.text.includes("event: done"));
    const cursor =
      first.text
        .match(/id: (.*)\n/g)
        ?.at(-1)
        ?.slice(4, -1) ?? "";
    for (const forged of [cursor.replace(/\d+$/, "999"), cursor.replace(/:[^:]+:/, ":elsewhere:")]) {
      const stream = await openStream(port, {
        path: path("topic=news.de"),
        headers: { "last-event-id": forged },
      });
      await until(() => stream.text.includes("bellwire-ready"));
      expect(stream.text).toMatch(
        /^retry: \d+\n\nevent: bellwire-gap\nid: .*\ndata: .*"reason":"epoch".*\n\nevent: bellwire-ready\n/,
      );
    }
  });

  it("resumes by ?cursor=, the header winning, and starts new topics from now", async () => {
    const { hub, port } = await start();
    const first = await openStream(port, { path: path("topic=news.de") });
    await until(() => first.text.includes("bellwire-ready"));
    const [, cursor = ""] = /id: (.*)\n/.exec(first.text) ?? [];
    for (const n of [1, 2]) await hub.publish("news.de", "done", { n });
    await hub.publish("news.fr", "done", { n: 3 });
    const query = path(`topic=news.fr&topic=news.de&cursor=${encodeURIComponent(cursor)}`);
    const resumed = await openStream(port, { path: query });
    await until(() => resumed.text.includes('{"n":2}'));
    expect(resumed.text.match(/\{"n":\d\}/g)).toEqual(['{"n":1}', '{"n":2}']);
    const [, later = ""] = /id: (.*)\ndata: \{"n":1\}/.exec(resumed.text) ?? [];
    const header = await openStream(port, { path: query, headers: { "last-event-id": later } });
    await until(() => header.text.includes('{"n":2}'));
    expect(header.text.match(/\{"n":\d\}/g)).toEqual(['{"n":2}']);
  });
});

describe("curl -N", () => {
  it("receives", async () => {
    const { hub, url } = await start();
    const curl = spawn("curl", ["-sN", "-H", "Authorization: Bearer u1", `${url}?topic=private-orders.u1`]);
    onTestFinished(() => void curl.kill());
    let text = "";
    curl.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    await until(() => text.includes("bellwire-ready"));
    await hub.publish("private-orders.u1", "done", { n: 1 });
    await until(() => /\n\nevent: done\nid: [!-~]+\ndata: \{"n":1\}\n\n$/.test(text));
  });
});

describe("many stock streams", () => {
  it("at the same cursor share one encoding, and each keeps its own positions", async () => {
    const { hub, port } = await start();
    const streams = await Promise.all(
      ["topic=news.de", "topic=news.de", "topic=news.de&topic=news.fr", "topic=news.fr&topic=news.de"].map(
        (query) => openStream(port, { path: path(query) }),
      ),
    );
    await until(() => streams.every(({ text }) => text.includes("bellwire-ready")));
    await Promise.all([hub.publish("news.de", "done", { n: 1 }), hub.publish("news.de", "done", { n: 2 })]);
    await until(() => streams.every(({ text }) => text.includes('{"n":2}')));
    await pause(20);
    const tails = streams.map(({ text }) => text.slice(text.indexOf("event: done")));
    expect(tails[0]).toBe(tails[1]);
    for (const tail of tails) expect(tail.match(/\{"n":\d\}/g)).toEqual(['{"n":1}', '{"n":2}']);
    expect(tails[2]).toMatch(/^event: done\nid: [^/]+:1\/[^/]+:0\n.*\n\nevent: done\nid: [^/]+:2\/[^/]+:0\n/);
    expect(tails[3]).toMatch(/^event: done\nid: [^/]+:0\/[^/]+:1\n/);
  });
});
