/** A channel and a hub in one process, from the application's side. */
import { BellwireError, type CloseCause, defineTopics, type Transport } from "@bellwire/core";
import { type LinkObserver, type ServerMessage } from "@bellwire/core/adapter";
import type { ChannelState, Gap, Notification, PositionStore } from "@bellwire/core/client";
import { createChannel, storedPositions } from "@bellwire/core/client";
import { settle } from "@bellwire/core/conformance";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub, type HubOptions, memoryBackplane } from "@bellwire/core/server";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { afterEach, describe, expect, it } from "vitest";
import { authenticate, Cuttable, codeOf, type Topics, topics, type User, World } from "./world.ts";

let world: World<User>;
const open = (options: Partial<HubOptions<Topics, User>> = {}): World<User> => {
  world = new World<User>(options);
  return world;
};
afterEach(() => world.dispose());

const say = (n: number, topic: "news.a" | "private-room.1" = "news.a") =>
  world.hub.publish(topic, "said", { n });

describe("connecting", () => {
  it("asks for a token before every attempt, and stops for good when the hub refuses it", async () => {
    open({ authenticate });
    const states: ChannelState[] = [];
    const errors: unknown[] = [];
    const channel = world.channel({ token: () => "nobody" });
    channel.onState((state) => states.push(state));
    channel.onError((error) => errors.push(error));
    channel.connect();
    await world.clock.advance(60_000);
    expect(states).toEqual(["connecting", "failed"]);
    expect(errors).toMatchObject([{ code: "unauthorized" }]);
    expect(() => channel.subscribe("news.a")).toThrow(expect.objectContaining({ code: "unauthorized" }));
    expect(await codeOf(channel.publish("news.a", "said", { n: 1 }))).toBe("unauthorized");
  });

  it("tries again when the token source throws, and stops at an error that is not retryable", async () => {
    open({ authenticate });
    let asked = 0;
    const channel = await world.connected({
      token() {
        asked += 1;
        if (asked < 3) throw new Error("offline");
        return "alice";
      },
    });
    expect(channel.state).toBe("waiting");
    await world.clock.advance(2_000);
    expect([channel.state, asked]).toEqual(["connected", 3]);
    const refused = await world.connected({
      token: () => Promise.reject(new BellwireError("forbidden", "no")),
    });
    expect(refused.state).toBe("failed");
  });

  it("gives an attempt up after 15 seconds, and a late answer of its token source changes nothing", async () => {
    open({ authenticate });
    const answers: ((token: string) => void)[] = [];
    const channel = world.channel({ token: () => new Promise<string>((resolve) => answers.push(resolve)) });
    channel.connect();
    await world.clock.advance(16_000);
    expect(answers).toHaveLength(2);
    answers[1]?.("alice");
    answers[0]?.("nobody");
    await settle();
    expect(channel.state).toBe("connected");
  });

  it("comes back with a fresh token when the old one has expired", async () => {
    open({ authenticate });
    let asked = 0;
    const channel = await world.connected({
      token: () => `alice/${world.clock.wall() + (asked++ < 2 ? 10_000 : 3_600_000)}`,
    });
    await world.clock.advance(5_000);
    expect([channel.state, asked]).toEqual(["connected", 2]);
    await world.clock.advance(60_000);
    expect([channel.state, asked]).toEqual(["connected", 3]);
  });

  it("reconnects with a fresh token when the hub ends the link because no fresh one came in time", async () => {
    open({ authenticate });
    let asked = 0;
    const channel = await world.connected({
      token() {
        asked += 1;
        if (asked === 2) throw new Error("offline");
        return `alice/${world.clock.wall() + (asked === 1 ? 10_000 : 3_600_000)}`;
      },
    });
    const subscription = channel.subscribe("news.a");
    const heard: number[] = [];
    subscription.on("said", ({ data }) => heard.push(data.n));
    await world.clock.advance(10_000);
    expect(channel.state).toBe("waiting");
    await say(1);
    await world.clock.advance(1_000);
    expect([channel.state, asked, heard]).toEqual(["connected", 3, [1]]);
  });

  it("stops for good when a fresh token names another user", async () => {
    open({ authenticate });
    let asked = 0;
    const channel = await world.connected({
      token: () => (asked++ === 0 ? `alice/${world.clock.wall() + 10_000}` : "bob"),
    });
    await world.clock.advance(6_000);
    expect(channel.state).toBe("failed");
  });

  it("is suspended after five minutes without a connection, keeps trying, and resumes", async () => {
    open();
    const wire = new Cuttable(() => world.transport());
    const channel = await world.connected({ transport: wire });
    const states: ChannelState[] = [];
    channel.onState((state) => states.push(state));
    wire.down = true;
    wire.cut();
    await world.clock.advance(301_000);
    expect(states).toContain("suspended");
    expect(states.slice(states.indexOf("suspended"))).not.toContain("waiting");
    wire.down = false;
    await world.clock.advance(20_000);
    expect(channel.state).toBe("connected");
  });

  it("tells every listener the states in the order they came, also when one of them closes the channel", async () => {
    open();
    const channel = world.channel();
    const heard: ChannelState[] = [];
    channel.onState((state) => state === "connected" && channel.close());
    channel.onState((state) => heard.push(state));
    channel.connect();
    await settle();
    expect(heard).toEqual(["connecting", "connected", "closed"]);
  });

  it("takes a link for dead when the hub has been silent for as long as it allows", async () => {
    open();
    let wires = 0;
    const mute: Transport = {
      ...world.transport(),
      connect(observer) {
        wires += 1;
        const welcome: ServerMessage = { type: "welcome", idleTimeout: 1_000, maxMessageBytes: 1_000 };
        queueMicrotask(() => observer.open());
        return { buffered: 0, send: () => queueMicrotask(() => observer.message(welcome)), close() {} };
      },
    };
    const channel = await world.connected({ transport: mute });
    await world.clock.advance(999);
    expect(channel.state).toBe("connected");
    await world.clock.advance(1);
    expect(channel.state).toBe("waiting");
    await world.clock.advance(250);
    expect([channel.state, wires]).toEqual(["connected", 2]);
  });

  it("looks after its link at once when the machine wakes up, and finds it dead in five seconds", async () => {
    open();
    let dead = false;
    const wire = new Cuttable(() => world.transport());
    const inner = wire.connect.bind(wire);
    wire.connect = (observer) =>
      inner({ ...observer, message: (message) => dead || observer.message(message) });
    const channel = await world.connected({ transport: wire });
    dead = true;
    world.clock.jumpWall(60_000);
    await world.clock.advance(5_000);
    expect(channel.state).toBe("connected");
    await world.clock.advance(5_000);
    expect(channel.state).toBe("waiting");
  });
});

describe("delivery", () => {
  it("delivers notifications published while away, in order and once, however often the link is cut", async () => {
    open();
    const wire = new Cuttable(() => world.transport());
    const channel = await world.connected({ transport: wire });
    const heard: number[] = [];
    const gaps: Gap[] = [];
    const subscription = channel.subscribe("news.a");
    subscription.on("said", ({ data }) => heard.push(data.n));
    subscription.onGap((gap) => gaps.push(gap));
    await subscription.ready();
    for (let n = 1; n <= 50; n++) {
      if (n % 5 === 0) wire.cut();
      await say(n);
      if (n % 7 === 0) await world.clock.advance(300);
    }
    await world.clock.advance(30_000);
    expect(heard).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
    expect(gaps).toEqual([]);
  });

  it("finds the loss of a last notification by the head the hub says every ten seconds", async () => {
    open();
    let drop = false;
    const wire = new Cuttable(() => world.transport());
    const inner = wire.connect.bind(wire);
    wire.connect = (observer) =>
      inner({
        ...observer,
        message(message) {
          if (drop && message.type === "notification") drop = false;
          else observer.message(message);
        },
      });
    const channel = await world.connected({ transport: wire });
    const heard: number[] = [];
    channel.subscribe("news.a").on("said", ({ data }) => heard.push(data.n));
    await settle();
    drop = true;
    await say(1);
    await world.clock.advance(9_000);
    expect(heard).toEqual([]);
    await world.clock.advance(1_500);
    expect(heard).toEqual([1]);
  });

  it("repairs a loss between backplane and hub, at once with the next notification and else within ten seconds", async () => {
    const inner = memoryBackplane();
    let lose = 0;
    open({
      backplane: {
        ...inner,
        listen: (topic, listener) =>
          inner.listen(topic, (epoch, entry) => {
            if (lose-- > 0) return;
            listener(epoch, entry);
          }),
      },
    });
    const channel = await world.connected();
    const heard: number[] = [];
    channel.subscribe("news.a").on("said", ({ data }) => heard.push(data.n));
    await settle();
    lose = 2;
    await say(1);
    await say(2);
    lose = 0;
    await say(3);
    await settle();
    expect(heard).toEqual([1, 2, 3]);
    lose = 1;
    await say(4);
    await world.clock.advance(10_000);
    expect(heard).toEqual([1, 2, 3, 4]);
  });

  it("gets 128 topics and a full outbox through the rates of a hub, in a minute", async () => {
    open({ authorize: () => true });
    const wire = new Cuttable(() => world.transport());
    const channel = await world.connected({ transport: wire });
    const heard = new Set<string>();
    const names = Array.from({ length: 128 }, (_, n) => `news.${n}` as const);
    for (const name of names) channel.subscribe(name).on("said", ({ topic }) => heard.add(topic));
    await world.clock.advance(30_000);
    wire.cut();
    const published = Array.from({ length: 100 }, (_, n) => channel.publish("news.0", "said", { n }));
    await world.clock.advance(60_000);
    const receipts = await Promise.all(published);
    expect(receipts.map(({ position }) => position?.offset)).toEqual(receipts.map((_, index) => index + 1));
    for (const name of names) await world.hub.publish(name, "said", { n: 0 });
    await settle();
    expect(heard.size).toBe(128);
  });

  it("spares the publisher that excludes itself, also after it reconnected, and reports no gap", async () => {
    open({ authorize: () => true });
    const wire = new Cuttable(() => world.transport());
    const [mine, other] = [await world.connected({ transport: wire }), await world.connected()];
    const heard: string[] = [];
    for (const [name, channel] of [
      ["mine", mine],
      ["other", other],
    ] as const) {
      const subscription = channel.subscribe("news.a");
      subscription.on("said", ({ data }) => heard.push(`${name} ${data.n}`));
      subscription.onGap(() => heard.push(`${name} gap`));
      await subscription.ready();
    }
    await mine.publish("news.a", "said", { n: 1 }, { excludeSelf: true });
    wire.cut();
    const published = mine.publish("news.a", "said", { n: 2 }, { excludeSelf: true });
    await world.clock.advance(1_000);
    await published;
    await say(3);
    await settle();
    expect(heard.filter((line) => line.startsWith("other"))).toEqual(["other 1", "other 2", "other 3"]);
    expect(heard.filter((line) => line.startsWith("mine"))).toEqual(["mine 3"]);
  });

  it("gives a volatile event no place and no history, and refuses it while away", async () => {
    open({ authorize: () => true });
    const wire = new Cuttable(() => world.transport());
    const channel = await world.connected({ transport: wire });
    const heard: Notification[] = [];
    const subscription = channel.subscribe("news.a");
    subscription.onAny((notification) => heard.push(notification));
    const before = await subscription.ready();
    expect(await world.hub.publish("news.a", "typing", { n: 1 })).toBeNull();
    await settle();
    expect(heard).toMatchObject([{ id: "", event: "typing", position: { offset: 0 } }]);
    expect(subscription.position).toEqual(before);
    expect(await channel.publish("news.a", "typing", { n: 2 })).toEqual({ position: null, data: undefined });
    wire.cut();
    expect(await codeOf(channel.publish("news.a", "typing", { n: 3 }))).toBe("link_lost");
    await world.clock.advance(1_000);
    expect(heard.map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("reports an event that only a newer server knows, skips it and goes on", async () => {
    open();
    const older = defineTopics({ "news.{name}": { typing: topics.map["news.{name}"].typing } });
    const channel = createChannel({ topics: older, transport: world.transport(), clock: world.clock });
    const errors: unknown[] = [];
    const heard: string[] = [];
    channel.onError((error) => errors.push(error));
    channel.subscribe("news.a").onAny(({ event }) => heard.push(event));
    await settle();
    await say(1);
    await world.hub.publish("news.a", "typing", { n: 1 });
    await settle();
    expect(errors).toMatchObject([{ code: "unknown_event" }]);
    expect(heard).toEqual(["typing"]);
    channel.close();
  });

  it("contains a listener that throws, rejects or removes itself, and the others miss nothing", async () => {
    open();
    const channel = await world.connected();
    const errors: unknown[] = [];
    const heard: number[] = [];
    channel.onError((error) => errors.push((error as Error).message));
    const subscription = channel.subscribe("news.a");
    subscription.on("said", () => {
      throw new Error("thrown");
    });
    subscription.on("said", async () => {
      throw new Error("rejected");
    });
    let once = 0;
    const off = subscription.on("said", () => {
      once += 1;
      off();
    });
    subscription.on("said", ({ data }) => heard.push(data.n));
    await subscription.ready();
    await say(1);
    await say(2);
    await settle();
    expect([heard, once]).toEqual([[1, 2], 1]);
    expect(errors.filter((text) => text === "thrown")).toHaveLength(2);
    expect(errors.filter((text) => text === "rejected")).toHaveLength(2);
  });

  it("is silent from the moment a listener closes the subscription", async () => {
    open();
    const channel = await world.connected();
    const heard: string[] = [];
    const subscription = channel.subscribe("news.a");
    subscription.on("said", () => {
      heard.push("first");
      subscription.close();
    });
    subscription.onAny(() => heard.push("any"));
    await subscription.ready();
    await say(1);
    await say(2);
    await settle();
    expect(heard).toEqual(["first"]);
  });

  it("leaves a topic with its last subscription, and starts from now when it is subscribed again", async () => {
    open();
    const channel = await world.connected();
    const [one, two] = [channel.subscribe("news.a"), channel.subscribe("news.a")];
    const heard: number[] = [];
    two.on("said", ({ data }) => heard.push(data.n));
    await two.ready();
    one.close();
    await say(1);
    await settle();
    two.close();
    await settle();
    await say(2);
    const three = channel.subscribe("news.a");
    three.on("said", ({ data }) => heard.push(data.n));
    await three.ready();
    await say(3);
    await settle();
    expect(heard).toEqual([1, 3]);
  });

  it("gets its answer when a topic is left and subscribed again in one breath", async () => {
    open({ authorize: async () => true });
    const channel = await world.connected();
    channel.subscribe("news.a").close();
    channel.subscribe("news.a").close();
    const subscription = channel.subscribe("news.a");
    const heard: number[] = [];
    subscription.on("said", ({ data }) => heard.push(data.n));
    await settle();
    await expect(subscription.ready()).resolves.toMatchObject({ offset: 0 });
    await say(1);
    await settle();
    expect(heard).toEqual([1]);
  });

  it("ends a subscription that is refused, with a gap if it had begun, and nothing after that", async () => {
    open({ authenticate, authorize: ({ topic }) => topic !== "private-room.2" });
    const channel = await world.connected({ token: () => "alice" });
    const refused = channel.subscribe("private-room.2");
    const ends: string[] = [];
    refused.onEnd(({ code }) => ends.push(code));
    expect(await codeOf(refused.ready())).toBe("forbidden");
    const begun = channel.subscribe("private-room.1");
    begun.onGap(({ reason, resumeAt }) => ends.push(resumeAt ? "resumed" : reason));
    begun.onEnd(({ code }) => ends.push(code));
    await begun.ready();
    await world.hub.revoke("alice", "private-room.1");
    await settle();
    expect(ends).toEqual(["forbidden", "authorization", "forbidden"]);
  });
});

describe("asynchronous schemas", () => {
  /** Takes `n` times 10 ms of the world's clock; refuses negative numbers. */
  const slow: StandardSchemaV1<{ n: number }, { n: number }> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) =>
        new Promise((resolve) => {
          const { n } = value as { n: number };
          world.clock.after(Math.abs(n) * 10, () =>
            resolve(n < 0 ? { issues: [{ message: "negative" }] } : { value: { n: n * 100 } }),
          );
        }),
    },
  };

  it("keep the order, hold up nothing else, and precede the end that came after them", async () => {
    const contract = defineTopics({ orders: { slow, quick: topics.map.orders.placed } });
    open();
    const hub = createHub<typeof contract.map, User>({ topics: contract, clock: world.clock, authenticate });
    const channel = createChannel({
      topics: contract,
      transport: memoryTransport(hub),
      clock: world.clock,
      token: () => "alice",
    });
    const heard: (number | string)[] = [];
    const subscription = channel.subscribe("orders");
    subscription.onAny(({ data }) => heard.push(data.n));
    subscription.onGap(({ reason }) => heard.push(reason));
    subscription.onEnd(({ code }) => heard.push(code));
    await settle();
    for (const n of [5, 1]) {
      const published = hub.publish("orders", "slow", { n });
      await world.clock.advance(n * 10);
      await published;
    }
    await hub.publish("orders", "quick", { n: 2 });
    await hub.revoke("alice", "orders");
    await world.clock.advance(1_000);
    expect(heard).toEqual([500, 100, 2, "authorization", "forbidden"]);
    channel.close();
    await hub.close({ flush: 0 });
  });

  it("let a publish reject when the channel is closed while they run", async () => {
    const contract = defineTopics({ orders: { slow } });
    open();
    const channel = createChannel({ topics: contract, transport: world.transport(), clock: world.clock });
    const published = codeOf(channel.publish("orders", "slow", { n: 1 }));
    channel.close();
    await world.clock.advance(100);
    expect(await published).toBe("closed");
  });
});

describe("publishing", () => {
  it("keeps the order of publishes made while away, and of those that the hub refused for its rate", async () => {
    open({ authorize: () => true });
    const channel = world.channel();
    const published = Array.from({ length: 300 }, (_, n) => channel.publish("news.a", "said", { n }));
    await world.clock.advance(60_000);
    const receipts = await Promise.all(published);
    expect(receipts.map(({ position }) => position?.offset)).toEqual(receipts.map((_, index) => index + 1));
  });

  it("keeps the order also where permission for the first takes longest", async () => {
    let first = true;
    open({
      authorize() {
        if (!first) return true;
        first = false;
        return new Promise((resolve) => void world.clock.after(50, () => resolve(true)));
      },
    });
    const channel = await world.connected();
    const published = [1, 2, 3].map((n) => channel.publish("news.a", "said", { n }));
    await world.clock.advance(100);
    expect((await Promise.all(published)).map(({ position }) => position?.offset)).toEqual([1, 2, 3]);
  });

  it("appends a publish once that it had to send twice", async () => {
    open({ authorize: () => true });
    const wire = new Cuttable(() => world.transport());
    const channel = await world.connected({ transport: wire });
    const published = channel.publish("news.a", "said", { n: 1 });
    await Promise.resolve();
    wire.cut();
    await world.clock.advance(1_000);
    expect((await published).position?.offset).toBe(1);
    expect((await say(2))?.offset).toBe(2);
  });

  it("rejects with a code a publish that is impossible, and the rest goes on", async () => {
    open({ authorize: ({ event }) => event !== "placed", limits: { messageBytes: 1_000 } });
    const channel = world.channel();
    const big = { n: 1, filler: "x".repeat(2_000) };
    const early = codeOf(channel.publish("orders", "place", big));
    const late = codeOf(channel.publish("orders", "place", { n: 2 }));
    await settle();
    expect(await early).toBe("too_large");
    expect(await late).toBe("resolved");
    const cyclic: { n: number; self?: unknown } = { n: 1 };
    cyclic.self = cyclic;
    expect(await codeOf(channel.publish("orders", "place", cyclic))).toBe("invalid_data");
    expect(await codeOf(channel.publish("orders", "place", { n: 1n } as never))).toBe("invalid_data");
    expect(await codeOf(channel.publish("orders", "place", undefined as never))).toBe("invalid_data");
    expect(await codeOf(channel.publish("orders", "nothing" as "place", { n: 1 }))).toBe("unknown_event");
    expect(await codeOf(channel.publish("weather" as "orders", "place", { n: 1 }))).toBe("unknown_topic");
    expect(await codeOf(channel.publish("orders", "placed", { n: 1 }))).toBe("forbidden");
    expect(await codeOf(channel.publish("orders", "place", { n: 1 }, { id: "two words" }))).toBe(
      "invalid_option",
    );
    expect(await codeOf(channel.publish("orders", "place", big))).toBe("too_large");
    expect(channel.state).toBe("connected");
  });

  it("gives up waiting when its signal fires, and says whether that was a time-out", async () => {
    open();
    const channel = world.channel({
      transport: Object.assign(new Cuttable(() => world.transport()), { down: true }),
    });
    const aborted = new AbortController();
    const given = (signal: AbortSignal) => codeOf(channel.publish("news.a", "said", { n: 1 }, { signal }));
    const published = given(aborted.signal);
    const timed = given(AbortSignal.timeout(5));
    await settle();
    aborted.abort();
    expect(await published).toBe("aborted");
    expect(await timed).toBe("no_answer");
    expect(await given(aborted.signal)).toBe("aborted");
  });

  it("holds 1,000 publishes and a megabyte while away, and refuses more", async () => {
    open();
    const wire = Object.assign(new Cuttable(() => world.transport()), { down: true });
    const many = world.channel({ transport: wire });
    const waiting = Array.from({ length: 1_000 }, (_, n) => codeOf(many.publish("news.a", "said", { n })));
    expect(await codeOf(many.publish("news.a", "said", { n: 0 }))).toBe("outbox_full");
    many.close();
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(["closed"]));
    const large = world.channel({ transport: wire });
    const filler = { n: 1, filler: "x".repeat(60_000) };
    const codes = Array.from({ length: 18 }, () => codeOf(large.publish("news.a", "said", filler)));
    expect(await codes[17]).toBe("outbox_full");
    large.close();
    expect((await Promise.all(codes)).filter((code) => code === "closed")).toHaveLength(17);
  });
});

describe("commands", () => {
  it("answer with the result of their handler, and are not published", async () => {
    open({ authenticate });
    const requests: unknown[] = [];
    world.hub.handle("orders", "place", (request) => {
      requests.push(request);
      return { orderId: request.data.n + 1 };
    });
    const channel = await world.connected({ token: () => "alice" });
    const receipt = await channel.publish("orders", "place", { n: 7 }, { id: "once" });
    expect(receipt).toEqual({ position: null, data: { orderId: 8 } });
    expect(requests).toMatchObject([
      { topic: "orders", params: {}, data: { n: 7 }, id: "once", identity: { user: "alice" } },
    ]);
    expect((await world.hub.publish("orders", "placed", { n: 1 }))?.offset).toBe(1);
  });

  it.each([
    [
      "a code of its own",
      () => {
        throw new BellwireError("forbidden", "sold out");
      },
      "forbidden",
      0,
    ],
    [
      "internal for anything else, which stays on the server",
      () => {
        throw new Error("secret");
      },
      "internal",
      1,
    ],
    ["internal for a rejection", () => Promise.reject(new Error("secret")), "internal", 1],
  ] as const)("fail with %s", async (_, handler, code, complaints) => {
    open();
    world.hub.handle("orders", "place", handler);
    const peer = await world.welcomed();
    await peer.say({ type: "publish", ref: 1, topic: "orders", event: "place", data: { n: 1 }, id: "a" });
    expect(peer.of("error")).toMatchObject([{ ref: 1, code }]);
    expect(JSON.stringify(peer.received)).not.toContain("secret");
    expect(world.complaints).toHaveLength(complaints);
    expect(peer.cause).toBeUndefined();
  });

  it("go back to being published when the handler is removed", async () => {
    open({ authorize: () => true });
    const remove = world.hub.handle("orders", "place", () => "handled");
    const channel = await world.connected();
    expect((await channel.publish("orders", "place", { n: 1 })).data).toBe("handled");
    remove();
    expect((await channel.publish("orders", "place", { n: 1 })).position?.offset).toBe(1);
    expect(() => world.hub.handle("orders", "nothing" as "place", () => {})).toThrow(
      expect.objectContaining({ code: "invalid_option" }),
    );
  });
});

const refuses = (cause: CloseCause) => (observer: LinkObserver<ServerMessage>) => {
  queueMicrotask(() => observer.close(cause));
  return { buffered: 0, send() {}, close() {} };
};

describe("a channel that cannot connect", () => {
  it("says with each change why, which attempt it is, and when the next one comes", async () => {
    open();
    const told: unknown[] = [];
    const channel = world.channel({
      transport: {
        ...world.transport(),
        connect: refuses({ code: "link_lost", reason: "HTTP 404: no such path" }),
      },
    });
    channel.onState((state, { attempt, cause, after }) => told.push([state, attempt, cause?.reason, after]));
    channel.connect();
    await world.clock.advance(250);
    const reason = "HTTP 404: no such path";
    expect(told).toEqual([
      ["connecting", 0, undefined, undefined],
      ["waiting", 1, reason, 250],
      ["connecting", 1, reason, undefined],
      ["waiting", 2, reason, 500],
    ]);
    expect(channel.status).toEqual({
      state: "waiting",
      attempt: 2,
      cause: { code: "link_lost", reason },
      after: 500,
    });
  });

  it("says why it has failed for good, and forgets the cause once it is connected", async () => {
    open({ authenticate: () => null });
    const channel = await world.connected();
    expect(channel.status).toMatchObject({ state: "failed", cause: { code: "unauthorized" } });
    const other = new World();
    try {
      expect((await other.connected()).status).toEqual({ state: "connected", attempt: 0 });
    } finally {
      await other.dispose();
    }
  });

  it("reports in words that the hub has another version of the protocol", async () => {
    open();
    const peer = world.peer();
    await peer.say({ type: "hello", protocol: 7, session: "s" });
    expect(peer.of("error")).toMatchObject([{ code: "unsupported_protocol" }]);
    expect(peer.of("error")[0]?.message).toContain("version 7");
    expect(peer.cause?.code).toBe("unsupported_protocol");
  });
});

describe("authorization", () => {
  it("keeps everyone from private topics, and from publishing, where the application does not decide", async () => {
    open();
    const channel = await world.connected();
    expect(await codeOf(channel.subscribe("private-room.1").ready())).toBe("forbidden");
    expect(await codeOf(channel.publish("news.a", "said", { n: 1 }))).toBe("forbidden");
    expect(await codeOf(channel.subscribe("news.a").ready())).toBe("resolved");
  });

  it.each([
    ["answers 1", () => 1],
    ['answers "true"', () => "true"],
    ["answers with an object", () => ({})],
    ["answers with a promise of something else", () => Promise.resolve("yes")],
  ])("refuses when the application %s", async (_, authorize) => {
    open({ authorize: authorize as () => boolean });
    const channel = await world.connected();
    const subscribed = codeOf(channel.subscribe("news.a").ready());
    const published = codeOf(channel.publish("news.a", "said", { n: 1 }));
    expect([await subscribed, await published]).toEqual(["forbidden", "forbidden"]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("secret");
      },
    ],
    ["rejects", () => Promise.reject(new Error("secret"))],
    ["never answers", () => new Promise<boolean>(() => {})],
  ])(
    "takes it for no decision when the application %s, and asks again more and more rarely",
    async (_, fails) => {
      let authorize: () => boolean | Promise<boolean> = fails;
      let asked = 0;
      open({
        authorize: () => {
          asked += 1;
          return authorize();
        },
        limits: { decisionTimeout: 10 },
      });
      const channel = await world.connected();
      const published = codeOf(channel.publish("news.a", "said", { n: 1 }));
      await world.clock.advance(10);
      expect(await published).toBe("internal");
      asked = 0;
      const subscription = channel.subscribe("news.a");
      for (let second = 0; second < 60; second++) await world.clock.advance(1_000);
      expect(asked).toBe(6);
      authorize = () => true;
      await world.clock.advance(32_000);
      expect(await codeOf(subscription.ready())).toBe("resolved");
      expect(world.complaints.length).toBeGreaterThan(0);
    },
  );

  it("comes back with backoff, and does not fail, while authenticate fails", async () => {
    let broken = true;
    open({
      authenticate: () => {
        if (broken) throw new Error("the database is away");
        return { user: "alice" };
      },
    });
    const channel = await world.connected();
    await world.clock.advance(10_000);
    expect(["waiting", "connecting"]).toContain(channel.state);
    expect(world.complaints[0]).toMatchObject({ cause: { message: "the database is away" } });
    broken = false;
    await world.clock.advance(20_000);
    expect(channel.state).toBe("connected");
  });
});

describe("iterating", () => {
  it("yields notifications in order until the subscription is closed", async () => {
    open();
    const channel = await world.connected();
    const subscription = channel.subscribe("news.a");
    const heard: number[] = [];
    const done = (async () => {
      for await (const notification of subscription) {
        heard.push(notification.data.n);
        if (heard.length === 3) subscription.close();
      }
    })();
    await subscription.ready();
    for (let n = 1; n <= 5; n++) await say(n);
    await done;
    expect(heard).toEqual([1, 2, 3]);
  });

  it("ends with slow_consumer exactly at its bound, without a hole", async () => {
    open();
    const channel = await world.connected();
    const subscription = channel.subscribe("news.a");
    await subscription.ready();
    const iterator = subscription[Symbol.asyncIterator]();
    const heard: number[] = [];
    const first = iterator.next();
    await say(1);
    heard.push((await first).value.data.n);
    for (let n = 2; n <= 1_010; n++) await say(n);
    await settle();
    for (let n = 0; n < 10; n++) heard.push((await iterator.next()).value.data.n);
    await say(1_011);
    await settle();
    const rest = (async () => {
      for (;;) heard.push((await iterator.next()).value.data.n);
    })();
    expect(await codeOf(rest)).toBe("slow_consumer");
    expect(heard).toEqual(Array.from({ length: 1_001 }, (_, index) => index + 1));
  });

  it("throws the error with which the hub ended the subscription", async () => {
    open({ authenticate });
    const channel = await world.connected({ token: () => "alice" });
    const subscription = channel.subscribe("news.a");
    await subscription.ready();
    const next = codeOf(subscription[Symbol.asyncIterator]().next());
    await settle();
    await world.hub.revoke("alice", "news.a");
    await settle();
    expect(await next).toBe("forbidden");
  });
});

describe("positions", () => {
  const storage = (): Pick<Storage, "getItem" | "setItem"> & { readonly map: Map<string, string> } => {
    const map = new Map<string, string>();
    return { map, getItem: (key) => map.get(key) ?? null, setItem: (key, value) => void map.set(key, value) };
  };

  it.each([0, 2])(
    "resumes after a restart what came after the %i notifications heard before it",
    async (before) => {
      open();
      const positions = storedPositions(storage());
      const heard: number[] = [];
      const run = async (): Promise<() => void> => {
        const channel = await world.connected({ positions });
        const subscription = channel.subscribe("news.a");
        subscription.on("said", ({ data }) => heard.push(data.n));
        await subscription.ready();
        return () => channel.close();
      };
      const stop = await run();
      for (let n = 1; n <= before; n++) await say(n);
      await settle();
      stop();
      for (let n = before + 1; n <= 5; n++) await say(n);
      await run();
      await settle();
      expect(heard).toEqual([1, 2, 3, 4, 5]);
    },
  );

  it("are kept where the storage is full, forbidden or full of nonsense, at the cost of the catch-up only", () => {
    const broken = storedPositions({
      getItem() {
        throw new Error("forbidden");
      },
      setItem() {
        throw new Error("full");
      },
    });
    expect(broken.load("a")).toBeUndefined();
    expect(() => broken.save("a", { epoch: "e", offset: 1 })).not.toThrow();
    const store = storage();
    for (const text of [
      "",
      "null",
      "{",
      "[]",
      '{"epoch":1,"offset":1}',
      '{"epoch":"e","offset":-1}',
      '"x"',
    ]) {
      store.map.set("bellwire:a", text);
      expect(storedPositions(store).load("a")).toBeUndefined();
    }
    const positions: PositionStore = storedPositions(store);
    positions.save("a", { epoch: "e", offset: 3 });
    expect(positions.load("a")).toEqual({ epoch: "e", offset: 3 });
  });
});

describe("closing", () => {
  it("drains: tells every client when to come back, spread out, after everything that was due", async () => {
    open();
    const peers = [];
    for (let n = 0; n < 50; n++) {
      const peer = await world.welcomed();
      await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
      peers.push(peer);
    }
    const channel = await world.connected();
    await say(1);
    const closed = world.hub.close({ spread: 10_000 });
    await settle();
    await closed;
    const delays = peers.map(({ cause }) => cause?.retryAfter ?? -1);
    expect(peers.every(({ cause }) => cause?.code === "draining")).toBe(true);
    expect(peers.every((peer) => peer.of("notification").length === 1)).toBe(true);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThanOrEqual(10_000);
    expect(new Set(delays).size).toBeGreaterThan(40);
    expect(channel.state).toBe("waiting");
    expect(world.hub.refusal()?.code).toBe("draining");
    expect(await codeOf(say(2))).toBe("closed");
  });

  it("flushes everything that a slow consumer is due before it closes the link, and waits no longer than asked", async () => {
    open();
    const [slow, stuck] = [await world.welcomed(), await world.welcomed()];
    for (const peer of [slow, stuck]) {
      await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
      peer.buffered = 500_000;
    }
    await say(1);
    await settle();
    const closed = world.hub.close({ flush: 1_000 });
    await world.clock.advance(100);
    slow.buffered = 0;
    await world.clock.advance(100);
    expect([slow.of("notification").length, slow.cause?.code]).toEqual([1, "draining"]);
    expect(stuck.cause).toBeUndefined();
    await world.clock.advance(1_000);
    await closed;
    expect(stuck.cause?.code).toBe("draining");
  });

  it.each(["forbidden", "unsupported_protocol", "too_large"] as const)(
    "stops for good at %s",
    async (code) => {
      open();
      const wire = new Cuttable(() => world.transport());
      const channel = await world.connected({ transport: wire });
      wire.cut({ code });
      await world.clock.advance(60_000);
      expect(channel.state).toBe("failed");
    },
  );

  it.each([
    "draining",
    "link_lost",
    "overloaded",
    "timeout",
    "slow_consumer",
    "malformed",
    "rate_limited",
    "internal",
    "normal",
  ] as const)("comes back after %s, and not before the time the hub asked for", async (code) => {
    open();
    const wire = new Cuttable(() => world.transport());
    const channel = await world.connected({ transport: wire });
    wire.cut({ code, retryAfter: 7_000 });
    await world.clock.advance(6_999);
    expect(channel.state).toBe("waiting");
    await world.clock.advance(1);
    expect(channel.state).toBe("connected");
  });

  it("leaves no timer and no rejection behind, whatever it interrupts", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    for (let moment = 0; moment < 40; moment++) {
      open({ authenticate, authorize: async () => true });
      const channel = world.channel({ token: async () => "alice" });
      const subscription = channel.subscribe("news.a");
      void channel.publish("news.a", "said", { n: 1 }).catch(() => {});
      for (let n = 0; n < moment; n++) await Promise.resolve();
      if (moment % 3 === 0) subscription.close();
      channel.close();
      expect(channel.state).toBe("closed");
      channel.close();
      await settle();
      expect(await codeOf(subscription.ready())).toMatch(/closed|resolved/);
      await world.hub.close({ flush: 0 });
      await world.clock.advance(1_000);
      expect(world.clock.pending).toBe(0);
    }
    await settle();
    process.off("unhandledRejection", note);
    expect(unhandled).toEqual([]);
  });
});
