/** Unmodified pusher-js and pusher, the libraries that everybody uses, on a hub of Bellwire. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createChannel } from "@bellwire/core/client";
import { memoryTransport } from "@bellwire/core/memory";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  app,
  authorization,
  client,
  next,
  type Pusher,
  raw,
  type Serving,
  serve,
  serverLibrary,
  subscribe,
  subscribed,
  topics,
  until,
  watchUncaught,
} from "./serving.ts";

watchUncaught();

/** The data that a channel receives with an event, in order. */
function record(
  source: { bind(event: string, callback: (data: unknown, metadata?: unknown) => void): unknown },
  event: string,
): unknown[] {
  const heard: unknown[] = [];
  source.bind(event, (data) => void heard.push(data));
  return heard;
}

/** A Bellwire client on the transport inside the process. */
function bellwire(hub: Serving["hub"]) {
  const channel = createChannel({ topics, transport: memoryTransport(hub) });
  onTestFinished(() => channel.close());
  return channel;
}

/**
 * Waits until the server has received everything that a client has sent; pusher-js sends a little
 * later than it is asked to.
 */
async function heardBy(pusher: Pusher): Promise<void> {
  const answer = new Promise<void>((resolve) => {
    pusher.connection.bind("message", ({ event }: { event: string }) => event === "pusher:pong" && resolve());
  });
  pusher.send_event("pusher:ping", {});
  await answer;
}

async function connected(pusher: Pusher): Promise<void> {
  if (pusher.connection.state !== "connected") await next(pusher.connection, "connected");
}

describe("a stock pusher-js", () => {
  it("receives publishes of a Bellwire client on another transport, and a Bellwire client those of a Pusher server", async () => {
    const { hub, port } = await serve({}, { authorize: ({ topic }) => topic.startsWith("news.") });
    const heard = record(await subscribed(client(port), "news.de"), "done");
    const channel = bellwire(hub);
    const other: unknown[] = [];
    const news = channel.subscribe("news.de");
    news.on("done", ({ data }) => void other.push(data));
    await news.ready();
    await channel.publish("news.de", "done", { n: 1 });
    await serverLibrary(port).trigger("news.de", "done", { n: 2 });
    await until(() => heard.length === 2 && other.length === 2);
    expect([heard, other]).toEqual([
      [{ n: 1 }, { n: 2 }],
      [{ n: 1 }, { n: 2 }],
    ]);
  });

  it("receives everything in order, from many publishes in one tick", async () => {
    const { hub, port } = await serve();
    const clients = await Promise.all(
      [client(port), client(port), client(port)].map((pusher) => subscribed(pusher, "news.de")),
    );
    const heard = clients.map((channel) => record(channel, "done"));
    const numbers = Array.from({ length: 500 }, (_, n) => ({ n }));
    await Promise.all(numbers.map((data) => hub.publish("news.de", "done", data)));
    await until(() => heard.every((list) => list.length === 500));
    for (const list of heard) expect(list).toEqual(numbers);
  });

  it("receives nothing more of a channel that it left, and may subscribe again at once", async () => {
    const { hub, port } = await serve();
    const pusher = client(port);
    const heard: unknown[] = [];
    pusher.bind_global((event: string) => {
      if (event === "done") heard.push(event);
    });
    await subscribed(pusher, "news.de");
    await subscribed(pusher, "news.fr");
    pusher.unsubscribe("news.de");
    const again = await subscribed(pusher, "news.de");
    pusher.unsubscribe("news.fr");
    const done = next(again, "done");
    await heardBy(pusher);
    await hub.publish("news.fr", "done", { n: 1 });
    await hub.publish("news.de", "done", { n: 2 });
    await done;
    expect(heard).toEqual(["done"]);
  });

  it("reconnects by itself after its connection was lost, and is subscribed again", {
    timeout: 15_000,
  }, async () => {
    const { hub, port, cut } = await serve();
    const channel = await subscribed(client(port), "news.de");
    const heard = record(channel, "done");
    const again = next(channel, "pusher:subscription_succeeded", 8_000);
    cut();
    await again;
    await hub.publish("news.de", "done", { n: 1 });
    await until(() => heard.length === 1);
  });

  it("reconnects in a second to a hub that drains, and never to one without the app", {
    timeout: 15_000,
  }, async () => {
    const { hub, port } = await serve();
    const pusher = client(port);
    await connected(pusher);
    const closed = next(pusher.connection, "error");
    void hub.close({ spread: 100 });
    expect(await closed).toMatchObject({
      data: { code: 4100, message: expect.stringMatching(/^draining;retryAfter=/) as string },
    });
    // It is refused again and again by a number, not by a refused upgrade, after which it would
    // wait for 15 seconds.
    expect(await next(pusher.connection, "error")).toMatchObject({ error: { data: { code: 4100 } } });
    const other = client(port, { key: "other-key" });
    expect(await next(other.connection, "error")).toMatchObject({ error: { data: { code: 4001 } } });
    await until(() => other.connection.state === "disconnected");
  });

  it.each([
    ["is pinged and answers", "pusher:ping", { limits: { pingInterval: 50, pongTimeout: 5_000 } }, {}],
    ["pings and receives the answer", "pusher:pong", {}, { activityTimeout: 50, pongTimeout: 5_000 }],
  ] as const)("%s", async (_, event, hubOptions, options) => {
    const { hub, port } = await serve({}, hubOptions);
    const pusher = client(port, options);
    const states: string[] = [];
    let count = 0;
    pusher.connection.bind("state_change", ({ current }: { current: string }) => void states.push(current));
    pusher.connection.bind("message", (message: { event: string }) => {
      if (message.event === event) count += 1;
    });
    await until(() => count === 5);
    expect(states).toEqual(["connected"]);
    expect(hub.links).toBe(1);
  });
});

describe("a private channel", () => {
  it("admits clients with a signature of the application's server", async () => {
    const { hub, port } = await serve();
    const channel = await subscribed(client(port), "private-orders.1");
    const heard = record(channel, "done");
    await hub.publish("private-orders.1", "done", { n: 1 });
    await until(() => heard.length === 1);
  });

  it.each([
    ["without a signature", ""],
    ["with a wrong signature", `${app.key}:${"0".repeat(64)}`],
    ["with a signature of another app", `other:${"0".repeat(64)}`],
  ])("refuses others %s, even where the hub would admit everybody", async (_, auth) => {
    const { hub, port } = await serve({}, { authorize: () => true });
    const pusher = client(port, {
      channelAuthorization: {
        transport: "ajax",
        endpoint: "",
        customHandler: (_request, answer) => answer(null, { auth }),
      },
    });
    const heard: unknown[] = [];
    pusher.bind_global((event: string) => void heard.push(event));
    const error = next(pusher.connection, "error");
    const channel = pusher.subscribe("private-orders.1");
    expect(await error).toMatchObject({
      type: "PusherError",
      data: { code: null, channel: "private-orders.1", reason: "forbidden" },
    });
    await hub.publish("private-orders.1", "done", { n: 1 });
    const neighbour = await subscribed(pusher, "news.de");
    const done = next(neighbour, "done");
    await hub.publish("news.de", "done", { n: 2 });
    await done;
    expect(channel.subscribed).toBe(false);
    expect(heard.filter((event) => event === "done")).toHaveLength(1);
    expect(pusher.connection.state).toBe("connected");
  });

  it("relays encrypted data that only its subscribers can read", async () => {
    const { port } = await serve();
    const library = serverLibrary(port, {
      encryptionMasterKeyBase64: Buffer.alloc(32, 7).toString("base64"),
    });
    const pusher = client(port, {
      channelAuthorization: {
        transport: "ajax",
        endpoint: "",
        customHandler: ({ socketId, channelName }, answer) =>
          answer(null, library.authorizeChannel(socketId, channelName)),
      },
    });
    const channel = await subscribed(pusher, "private-encrypted-notes");
    const done = next(channel, "done");
    const plain = await raw(port);
    plain.say(
      subscribe(
        "private-encrypted-notes",
        library.authorizeChannel(plain.socketId, "private-encrypted-notes"),
      ),
    );
    await until(() => plain.heard.length === 2);
    await library.trigger("private-encrypted-notes", "done", { secret: "the cat" });
    expect(await done).toEqual({ secret: "the cat" });
    await until(() => plain.heard.length === 3);
    expect(plain.texts.join()).not.toContain("the cat");
  });
});

describe("a presence channel", () => {
  const member = (id: string | number, info?: object) => ({ user_id: id, ...(info && { user_info: info }) });
  const ids = (channel: unknown): string[] => {
    const { members } = channel as { members: { members: Record<string, unknown> } };
    return Object.keys(members.members).sort();
  };

  it("shows its members to each other, each user once however many connections it has", async () => {
    const { port } = await serve();
    const ann = await subscribed(client(port, { member: member("ann", { name: "Ann" }) }), "presence-room.a");
    expect((ann as unknown as { members: object }).members).toMatchObject({
      count: 1,
      myID: "ann",
      me: { id: "ann", info: { name: "Ann" } },
    });
    const added = record(ann, "pusher:member_added");
    const removed = record(ann, "pusher:member_removed");
    const first = client(port, { member: member(7) });
    const second = client(port, { member: member(7) });
    const seven = await subscribed(first, "presence-room.a");
    await subscribed(second, "presence-room.a");
    expect(ids(seven)).toEqual(["7", "ann"]);
    expect((seven as unknown as { members: { count: number } }).members.count).toBe(2);
    await until(() => added.length === 1);
    first.unsubscribe("presence-room.a");
    const third = client(port, { member: member("cid") });
    await subscribed(third, "presence-room.a");
    await until(() => added.length === 2);
    expect(removed).toEqual([]);
    second.disconnect();
    await until(() => removed.length === 1);
    expect(added).toMatchObject([{ id: 7 }, { id: "cid" }]);
    expect(removed).toMatchObject([{ id: 7 }]);
    expect(ids(ann)).toEqual(["ann", "cid"]);
  });

  it("includes members on other transports", async () => {
    const { hub, port } = await serve(
      {},
      { authenticate: ({ token }) => ({ user: token ?? "stock" }), authorize: () => true },
    );
    const ann = await subscribed(client(port, { member: member("ann") }), "presence-room.a");
    const added = record(ann, "pusher:member_added");
    const channel = createChannel({ topics, transport: memoryTransport(hub), token: () => "bea" });
    onTestFinished(() => channel.close());
    const room = channel.subscribe("presence-room.a");
    await room.ready();
    await until(() => added.length === 1 && room.members.size === 2);
    expect(added).toMatchObject([{ id: "bea" }]);
    expect(new Set(room.members.keys())).toEqual(new Set(["ann", "bea"]));
    const cid = await subscribed(client(port, { member: member("cid") }), "presence-room.a");
    expect(ids(cid)).toEqual(["ann", "bea", "cid"]);
  });

  it("names at most 100 members, including the subscriber, and counts all", async () => {
    const { port } = await serve({}, { limits: { linkRate: 1_000 } });
    const sockets = await Promise.all(Array.from({ length: 110 }, () => raw(port)));
    for (const [index, socket] of sockets.entries()) {
      socket.say(
        subscribe("presence-room.a", authorization(socket.socketId, "presence-room.a", member(`u${index}`))),
      );
    }
    await until(() =>
      sockets.every(({ heard }) => heard.some(({ event }) => event.endsWith("subscription_succeeded"))),
    );
    const last = await subscribed(client(port, { member: member("zoe", { n: 1 }) }), "presence-room.a");
    const { members } = last as unknown as { members: { count: number; me: unknown } };
    expect(members.count).toBe(111);
    expect(members.me).toEqual({ id: "zoe", info: { n: 1 } });
    expect(ids(last)).toHaveLength(101);
  });

  it("refuses a subscription without a member", async () => {
    const { port } = await serve({}, { authorize: () => true, authenticate: () => ({ user: "u" }) });
    const pusher = await raw(port);
    pusher.say(subscribe("presence-room.a", authorization(pusher.socketId, "presence-room.a")));
    await until(() => pusher.errors.length === 1);
    expect(pusher.errors).toEqual(["forbidden"]);
  });
});

describe("a client event", () => {
  it("reaches the other members of a presence channel with the signed id of its sender", async () => {
    const { port } = await serve({ clientEvents: true });
    const ann = await subscribed(client(port, { member: { user_id: "ann" } }), "presence-room.a");
    const bob = await subscribed(client(port, { member: { user_id: "bob" } }), "presence-room.a");
    const own = record(ann, "client-typing");
    const heard: unknown[] = [];
    bob.bind("client-typing", (data: unknown, metadata: unknown) => void heard.push([data, metadata]));
    ann.trigger("client-typing", { n: 1, user_id: "eve" });
    ann.trigger("client-typing", { n: 2 });
    await until(() => heard.length === 2);
    expect(heard).toEqual([
      [{ n: 1, user_id: "eve" }, { user_id: "ann" }],
      [{ n: 2 }, { user_id: "ann" }],
    ]);
    expect(own).toEqual([]);
  });

  it("reaches other transports, where it is an event of the contract like any other", async () => {
    const { hub, port } = await serve({ clientEvents: true }, { authorize: () => true });
    const channel = bellwire(hub);
    const heard: unknown[] = [];
    const orders = channel.subscribe("private-orders.1");
    orders.on("client-moved", ({ data, position }) => void heard.push([data, position?.offset]));
    await orders.ready();
    const stock = await subscribed(client(port), "private-orders.1");
    stock.trigger("client-moved", { x: 1 });
    await until(() => heard.length === 1);
    expect(heard).toEqual([[{ x: 1 }, 1]]);
  });

  it("is accepted only from clients that may send it", async () => {
    const { port } = await serve({ clientEvents: true });
    const off = await serve();
    const errors = async (at: number, channel: string, event: string, count = 1): Promise<unknown[]> => {
      const pusher = client(at, { member: { user_id: "ann" } });
      const heard: unknown[] = [];
      pusher.connection.bind("error", ({ data }: { data: { code: unknown; reason: string } }) => {
        heard.push([data.code, data.reason]);
      });
      const subscription = await subscribed(pusher, channel);
      for (let n = 0; n < count; n += 1) subscription.trigger(event, { n });
      await until(() => heard.length > 0);
      expect(pusher.connection.state).toBe("connected");
      return heard;
    };
    expect(await errors(port, "news.de", "client-typing")).toEqual([[null, "forbidden"]]);
    expect(await errors(off.port, "private-orders.1", "client-typing")).toEqual([[null, "forbidden"]]);
    expect(await errors(port, "private-orders.1", "client-unheard-of")).toEqual([[null, "unknown_event"]]);
    expect(await errors(port, "private-orders.1", "client-typing", 11)).toEqual([[4301, "rate_limited"]]);
  });
});

describe("a cache channel", () => {
  it.each([
    ["cache-news", undefined],
    ["private-cache-orders", undefined],
    ["presence-cache-room", { user_id: "ann" }],
  ] as const)(
    "%s gives a new subscriber the last event, or says that there is none",
    async (name, member) => {
      const { hub, port } = await serve();
      const events = (pusher: Pusher): unknown[] => {
        const heard: unknown[] = [];
        const channel = pusher.subscribe(name);
        channel.bind_global((event: string, data: unknown) => heard.push(event === "done" ? data : event));
        return heard;
      };
      const early = events(client(port, { ...(member && { member }) }));
      await until(() => early.length === 2);
      await hub.publish(name, "done", { n: 1 });
      await hub.publish(name, "done", { n: 2 });
      await until(() => early.length === 4);
      const late = events(client(port, { ...(member && { member }) }));
      await until(() => late.length === 2);
      await hub.publish(name, "done", { n: 3 });
      await until(() => late.length === 3 && early.length === 5);
      expect(early).toEqual([
        "pusher:subscription_succeeded",
        "pusher:cache_miss",
        { n: 1 },
        { n: 2 },
        { n: 3 },
      ]);
      expect(late).toEqual(["pusher:subscription_succeeded", { n: 2 }, { n: 3 }]);
    },
  );

  it("keeps neither client events nor events that have left the history", async () => {
    const { hub, port } = await serve({ clientEvents: true });
    const orders = await subscribed(client(port), "private-cache-orders");
    await hub.publish("private-cache-orders", "done", { n: 1 });
    orders.trigger("client-moved", { x: 1 });
    const channel = client(port).subscribe("private-cache-orders");
    await next(channel, "pusher:cache_miss");
  });
});

describe("a user who signs in", () => {
  it("receives the server's events on all connections, and nobody else does", async () => {
    const { port } = await serve();
    const library = serverLibrary(port);
    const heard: string[] = [];
    for (const [label, user] of [
      ["one", "ann"],
      ["two", "ann"],
      ["three", "bob"],
    ] as const) {
      const pusher = client(port, { user: { id: user } });
      pusher.signin();
      pusher.user.bind("hello", (data: unknown) => void heard.push(`${label} ${JSON.stringify(data)}`));
      await until(
        () =>
          (pusher.user as unknown as { serverToUserChannel: { subscribed: boolean } | null })
            .serverToUserChannel?.subscribed === true,
      );
    }
    await library.sendToUser("ann", "hello", { n: 1 });
    await until(() => heard.length === 2);
    expect(heard.sort()).toEqual(['one {"n":1}', 'two {"n":1}']);
  });

  it("joins presence channels without channel_data", async () => {
    const { port } = await serve();
    const pusher = client(port, { user: { id: "ann", user_info: { name: "Ann" } } });
    pusher.signin();
    const channel = await subscribed(pusher, "presence-room.a");
    expect((channel as unknown as { members: { me: unknown } }).members.me).toEqual({
      id: "ann",
      info: { name: "Ann" },
    });
  });

  it.each(["ann", "a b", "a/b", "ä"])(
    "is disconnected for good by the server, with the id %s",
    async (id) => {
      const { port } = await serve();
      const pusher = client(port, { user: { id } });
      const other = client(port);
      await connected(other);
      pusher.signin();
      await until(() => (pusher.user as unknown as { user_data: unknown }).user_data !== null);
      await serverLibrary(port).terminateUserConnections(id);
      await until(() => pusher.connection.state === "disconnected");
      expect(other.connection.state).toBe("connected");
    },
  );
});

describe("Pusher's server library", () => {
  it("publishes to several channels and in batches, and excludes the connection that it names", async () => {
    const { port } = await serve();
    const pusher = client(port);
    const other = client(port);
    const own = [
      record(await subscribed(pusher, "news.de"), "done"),
      record(await subscribed(pusher, "news.fr"), "done"),
    ];
    const heard = [
      record(await subscribed(other, "news.de"), "done"),
      record(await subscribed(other, "news.fr"), "done"),
    ];
    const library = serverLibrary(port);
    const socket_id = pusher.connection.socket_id;
    const triggered = await library.trigger(["news.de", "news.fr"], "done", { n: 1 }, { socket_id });
    expect([triggered.status, await triggered.text()]).toEqual([200, "{}"]);
    const batch = await library.triggerBatch([
      { channel: "news.de", name: "done", data: { n: 2 }, socket_id },
      { channel: "news.fr", name: "done", data: { n: 3 } },
    ]);
    expect([batch.status, await batch.text()]).toEqual([200, "{}"]);
    await until(() => heard[0]?.length === 2 && heard[1]?.length === 2);
    expect(heard).toEqual([
      [{ n: 1 }, { n: 2 }],
      [{ n: 1 }, { n: 3 }],
    ]);
    expect(own).toEqual([[], [{ n: 3 }]]);
  });

  it("reads the occupied channels and their members", async () => {
    const { port } = await serve({ subscriptionCount: true });
    const library = serverLibrary(port);
    const get = async (path: string, params: Record<string, string> = {}): Promise<unknown> =>
      (await library.get({ path, params })).json();
    expect(await get("/channels")).toEqual({ channels: {} });
    expect(await get("/channels/news.de")).toEqual({ occupied: false });
    await subscribed(client(port), "news.de");
    for (const id of ["ann", "bob", "bob"])
      await subscribed(client(port, { member: { user_id: id } }), "presence-room.a");
    expect(await get("/channels")).toEqual({ channels: { "news.de": {}, "presence-room.a": {} } });
    expect(await get("/channels", { filter_by_prefix: "presence-", info: "user_count" })).toEqual({
      channels: { "presence-room.a": { user_count: 2 } },
    });
    expect(await get("/channels/news.de", { info: "subscription_count" })).toEqual({
      occupied: true,
      subscription_count: 1,
    });
    expect(await get("/channels/presence-room.a", { info: "user_count" })).toEqual({
      occupied: true,
      user_count: 2,
    });
    expect(await get("/channels/presence-room.a/users")).toEqual({ users: [{ id: "ann" }, { id: "bob" }] });
    const triggered = await library.trigger("presence-room.a", "done", { n: 1 }, { info: "user_count" });
    expect(await triggered.json()).toEqual({ channels: { "presence-room.a": { user_count: 2 } } });
    const batch = await library.triggerBatch([
      { channel: "news.de", name: "done", data: { n: 1 }, info: "subscription_count" },
      { channel: "news.fr", name: "done", data: { n: 1 } },
    ]);
    expect(await batch.json()).toEqual({ batch: [{ subscription_count: 1 }, {}] });
  });

  it.each([
    ["a topic that is not in the contract", ["weather", "done", { n: 1 }], 400],
    ["an event that is not in the contract", ["news.de", "unheard", { n: 1 }], 400],
    ["too much data", ["news.de", "said", "x".repeat(10_241)], 413],
    ["no data", ["news.de", "done", undefined], 400],
  ] as const)("is refused %s, in a plain text", async (_, [channel, event, data], status) => {
    const { port } = await serve();
    const failed = await serverLibrary(port)
      .trigger(channel, event, data)
      .catch((error: { status: number; body: string }) => error);
    expect(failed).toMatchObject({ status });
    expect((failed as { body: string }).body).toMatch(/^["A-Za-z].+/);
  });

  it("is refused with a wrong secret and for attributes that do not exist", async () => {
    const { port } = await serve();
    const status = (promise: Promise<unknown>): Promise<unknown> =>
      promise.then(
        () => 200,
        (error: { status: number }) => error.status,
      );
    expect(await status(serverLibrary(port, { secret: "wrong" }).trigger("news.de", "done", { n: 1 }))).toBe(
      401,
    );
    expect(await status(serverLibrary(port, { key: "wrong" }).trigger("news.de", "done", { n: 1 }))).toBe(
      401,
    );
    expect(await status(serverLibrary(port, { appId: "2" }).trigger("news.de", "done", { n: 1 }))).toBe(200);
    const get = (path: string, params: Record<string, string> = {}) =>
      status(serverLibrary(port).get({ path, params }));
    expect(await get("/channels", { info: "user_count" })).toBe(400);
    expect(await get("/channels/news.de", { info: "user_count" })).toBe(400);
    expect(await get("/channels/news.de/users")).toBe(400);
    expect(await get("/channels/news.de", { info: "subscription_count" })).toBe(400);
    expect(await get("/unheard-of")).toBe(404);
  });
});

describe("the number of subscriptions", () => {
  it("is sent to a channel at every change, where the option enables it", async () => {
    const { port } = await serve({ subscriptionCount: true });
    const counts: unknown[] = [];
    const channel = client(port).subscribe("news.de");
    channel.bind(
      "pusher:subscription_count",
      ({ subscription_count: count }: { subscription_count: number }) => {
        counts.push(count);
      },
    );
    await next(channel, "pusher:subscription_succeeded");
    const other = client(port);
    await subscribed(other, "news.de");
    other.disconnect();
    await until(() => counts.length === 3);
    expect(counts).toEqual([1, 2, 1]);
  });
});

describe("a webhook", () => {
  it("receives the events that it names, and no others", async () => {
    const received: string[] = [];
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (part: string) => {
        body += part;
      });
      request.on("end", () => {
        const { events } = JSON.parse(body) as { events: { name: string }[] };
        received.push(...events.map(({ name }) => `${request.url} ${name}`));
        response.end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { port } = await serve({
      webhooks: [
        { url: `${url}/members`, events: ["member_added", "member_removed"] },
        { url: `${url}/occupied`, events: ["channel_occupied"] },
        { url: `${url}/all` },
        { url: `${url}/none`, events: [] },
      ],
    });
    const pusher = client(port, { member: { user_id: "ann" } });
    await subscribed(pusher, "presence-room.a");
    pusher.disconnect();
    await until(() => received.length === 7, "webhooks");
    expect(received.sort()).toEqual([
      "/all channel_occupied",
      "/all channel_vacated",
      "/all member_added",
      "/all member_removed",
      "/members member_added",
      "/members member_removed",
      "/occupied channel_occupied",
    ]);
  });

  it("is signed so that Pusher's server library accepts it, and reports every change", async () => {
    const received: { body: string; headers: Record<string, string> }[] = [];
    let failures = 1;
    const server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (part: string) => {
        body += part;
      });
      request.on("end", () => {
        failures -= 1;
        if (failures < 0) received.push({ body, headers: request.headers as Record<string, string> });
        response.writeHead(failures < 0 ? 200 : 500).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
    const { port } = await serve({ webhooks: [url], clientEvents: true });
    const pusher = client(port, { member: { user_id: "ann" } });
    await subscribed(pusher, "cache-news");
    const room = await subscribed(pusher, "presence-room.a");
    room.trigger("client-moved", { x: 1 });
    const names = (): string[] =>
      received.flatMap(({ body }) =>
        (JSON.parse(body) as { events: { name: string; channel: string }[] }).events.map(
          ({ name, channel }) => `${name} ${channel}`,
        ),
      );
    await until(() => names().length === 5, "webhooks");
    // Somebody who returns at once had not left.
    pusher.unsubscribe("cache-news");
    await subscribed(pusher, "cache-news");
    pusher.disconnect();
    await until(() => names().length === 9, "webhooks");
    expect(names().slice(0, 5).sort()).toEqual([
      "cache_miss cache-news",
      "channel_occupied cache-news",
      "channel_occupied presence-room.a",
      "client_event presence-room.a",
      "member_added presence-room.a",
    ]);
    expect(names().slice(5).sort()).toEqual([
      "cache_miss cache-news",
      "channel_vacated cache-news",
      "channel_vacated presence-room.a",
      "member_removed presence-room.a",
    ]);
    const library = serverLibrary(port);
    for (const { body, headers } of received)
      expect(library.webhook({ headers, rawBody: body }).isValid()).toBe(true);
    const event = received
      .flatMap(({ body }) => (JSON.parse(body) as { events: { name: string }[] }).events)
      .find(({ name }) => name === "client_event");
    expect(event).toMatchObject({ event: "client-moved", data: '{"x":1}', user_id: "ann" });
  });
});
