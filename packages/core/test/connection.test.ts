/** One link on the hub, driven by hand: hello, rates, subscriptions, tokens, liveness. */

import { BellwireError } from "@bellwire/core";
import { settle } from "@bellwire/core/conformance";
import type { HubOptions } from "@bellwire/core/server";
import { afterEach, describe, expect, it } from "vitest";
import { authenticate, type Topics, type User, World } from "./world.ts";

let world: World<User>;
const open = (options: Partial<HubOptions<Topics, User>> = {}): World<User> => {
  world = new World<User>(options);
  return world;
};
afterEach(() => world.dispose());

const hello = { type: "hello", protocol: 1, session: "s" } as const;

describe("hello", () => {
  it("closes a link that sends nothing for five seconds", async () => {
    const peer = open().peer();
    await world.clock.advance(4_999);
    expect(peer.cause).toBeUndefined();
    await world.clock.advance(1);
    expect(peer.cause?.code).toBe("timeout");
    expect(world.hub.links).toBe(0);
  });

  it("closes a link whose first message is anything else", async () => {
    for (const message of [
      { type: "subscribe", ref: 1, topic: "news.a" },
      { type: "ping" },
      { type: "token", ref: 1, token: "alice" },
    ] as const) {
      open();
      const peer = world.peer();
      await peer.say(message);
      expect(peer.cause?.code).toBe("malformed");
      expect(peer.received).toEqual([]);
    }
  });

  it("closes a link that sends a message while its token is being examined", async () => {
    const peer = open({ authenticate: () => new Promise<User>(() => {}) }).peer();
    await peer.say(hello);
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    expect(peer.cause?.code).toBe("malformed");
  });

  it("counts a second hello as malformed and goes on", async () => {
    const peer = await open().welcomed();
    await peer.say(hello);
    expect(peer.of("error").map(({ code }) => code)).toEqual(["malformed"]);
    expect(peer.cause).toBeUndefined();
  });

  it("refuses another protocol version for good", async () => {
    const peer = open().peer();
    await peer.say({ ...hello, protocol: 2 });
    expect(peer.cause?.code).toBe("unsupported_protocol");
  });

  it("takes the token of the hello before the bearer of the Authorization header", async () => {
    const tokens: (string | undefined)[] = [];
    open({
      authenticate({ token }) {
        tokens.push(token);
        return { user: "x" };
      },
    });
    const link = { buffered: 0, send() {}, close() {} };
    for (const token of [undefined, "mine"]) {
      const headers = { authorization: "Bearer theirs" };
      const observer = world.hub.accept(link, { transport: "hand", headers });
      observer.open();
      observer.message({ ...hello, ...(token && { token }) });
    }
    await settle();
    expect(tokens).toEqual(["theirs", "mine"]);
  });

  it.each([
    ["null", () => null],
    ["a value that is no object", () => "alice" as unknown as User],
    [
      "its own refusal",
      () => {
        throw new BellwireError("unauthorized", "banned");
      },
    ],
  ])("refuses the link when authenticate answers with %s", async (_, authenticate) => {
    const peer = await open({ authenticate }).welcomed("token");
    expect(peer.cause?.code).toBe("unauthorized");
    expect(JSON.stringify([peer.cause, peer.received])).not.toContain("secret");
    expect(peer.received).toEqual([]);
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("secret");
      },
    ],
    ["rejects", () => Promise.reject(new Error("secret"))],
    ["never answers", () => new Promise<User>(() => {})],
    [
      "never answers by a promise that is not the platform's own",
      // oxlint-disable-next-line no-thenable -- a query builder is such a thing
      () => ({ then() {} }) as unknown as Promise<User>,
    ],
  ])("closes the link for now, and tells the application, when authenticate %s", async (_, authenticate) => {
    open({ authenticate, limits: { helloTimeout: 60_000 } });
    const peer = await world.welcomed("token");
    await world.clock.advance(5_000);
    expect(peer.cause?.code).toBe("internal");
    expect(JSON.stringify([peer.cause, peer.received])).not.toContain("secret");
    expect(world.complaints).toHaveLength(1);
  });

  it.each([
    ["an end in seconds", { user: "alice", expiresAt: 1_767_225_600 }],
    ["an end that is no number", { user: "alice", expiresAt: Number.NaN }],
    ["an end as text", { user: "alice", expiresAt: "2026-01-01" as unknown as number }],
    ["a user that is a number", { user: 42 as unknown as string }],
    ["a user without a name", { user: "" }],
  ])("refuses an identity with %s, and tells the application what is wrong", async (_, identity) => {
    open({ authenticate: () => identity });
    const peer = await world.welcomed("token");
    expect(peer.cause?.code).toBe("internal");
    expect(world.complaints).toMatchObject([{ code: "invalid_option" }]);
  });

  it("refuses a token that has expired already, for good", async () => {
    open({ authenticate });
    expect((await world.welcomed(`alice/${world.clock.wall()}`)).cause?.code).toBe("unauthorized");
    expect(world.complaints).toEqual([]);
  });
});

describe("malformed messages", () => {
  it("closes the link at the fifth and answers the ones before", async () => {
    const peer = await open().welcomed();
    for (let n = 0; n < 4; n++) await peer.damage();
    expect(peer.cause).toBeUndefined();
    expect(peer.of("error").map(({ code }) => code)).toEqual(Array(4).fill("malformed"));
    await peer.damage();
    expect(peer.cause?.code).toBe("malformed");
  });

  it("closes the link at the first before the welcome", async () => {
    const peer = open().peer();
    await peer.damage();
    expect(peer.cause?.code).toBe("malformed");
  });

  it("ignores everything after the close", async () => {
    const peer = open().peer();
    await peer.damage();
    await peer.say(hello);
    await peer.damage();
    peer.hangUp();
    expect(peer.received).toEqual([]);
    expect(world.hub.links).toBe(0);
  });
});

describe("rates", () => {
  const publish = (ref: number) =>
    ({ type: "publish", ref, topic: "news.a", event: "said", data: { n: ref }, id: `i${ref}` }) as const;

  it("refuses what follows the first message over the rate for at least half a second, so that nothing overtakes", async () => {
    open({ authorize: () => true, limits: { messageRate: 1_000, messageBurst: 10 } });
    const peer = await world.welcomed();
    for (let ref = 1; ref <= 11; ref++) void peer.say(publish(ref));
    await settle();
    expect(peer.of("acknowledged").map(({ ref }) => ref)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    await world.clock.advance(499);
    await peer.say(publish(12));
    expect(peer.of("error").map(({ ref, code }) => [ref, code])).toEqual([
      [11, "rate_limited"],
      [12, "rate_limited"],
    ]);
    await world.clock.advance(peer.of("error").at(-1)?.retryAfter ?? 0);
    await peer.say(publish(11));
    expect(peer.of("acknowledged").at(-1)?.ref).toBe(11);
  });

  it("takes no other publish before the refused one has come again, however late those behind it are", async () => {
    open({ authorize: () => true, limits: { messageRate: 1_000, messageBurst: 10 } });
    const peer = await world.welcomed();
    for (let ref = 1; ref <= 11; ref++) void peer.say(publish(ref));
    await settle();
    await world.clock.advance(3_000);
    await peer.say(publish(12));
    expect(peer.of("error").at(-1)).toMatchObject({ ref: 12, code: "rate_limited" });
    await peer.say(publish(11));
    await peer.say(publish(12));
    await peer.say(publish(13));
    expect(
      peer
        .of("acknowledged")
        .map(({ ref }) => ref)
        .slice(-3),
    ).toEqual([11, 12, 13]);
  });

  it("takes others five seconds after the refusal is over, when the refused publish was given up", async () => {
    open({ authorize: () => true, limits: { messageRate: 1_000, messageBurst: 10 } });
    const peer = await world.welcomed();
    for (let ref = 1; ref <= 11; ref++) void peer.say(publish(ref));
    await settle();
    await world.clock.advance(5_499);
    await peer.say(publish(12));
    expect(peer.of("acknowledged").at(-1)?.ref).toBe(10);
    await world.clock.advance(1);
    await peer.say(publish(13));
    expect(peer.of("acknowledged").at(-1)?.ref).toBe(13);
  });

  it("counts bytes as well as messages", async () => {
    open({ limits: { byteRate: 1_000 } });
    const peer = await world.welcomed();
    await peer.say({ type: "unsubscribe", ref: 1, topic: "news.a" }, 1_000);
    await peer.say({ type: "subscribe", ref: 2, topic: "news.a" }, 1);
    expect(peer.of("error").map(({ ref, code }) => [ref, code])).toEqual([[2, "rate_limited"]]);
  });

  it("never refuses an unsubscribe", async () => {
    open({ limits: { messageRate: 1, messageBurst: 1 } });
    const peer = await world.welcomed();
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await peer.say({ type: "unsubscribe", ref: 2, topic: "news.a" });
    await world.hub.publish("news.a", "said", { n: 1 });
    await settle();
    expect(peer.of("done").map(({ ref }) => ref)).toEqual([2]);
    expect(peer.of("notification")).toEqual([]);
  });

  it("closes a link that goes on sending what is refused, after 1,000 messages, and says when to come back", async () => {
    open({ authorize: () => true });
    const peer = await world.welcomed();
    let ref = 0;
    while (!peer.cause && ref < 10_000) void peer.say(publish(++ref));
    await settle();
    expect(peer.cause).toMatchObject({ code: "rate_limited", retryAfter: 10_000 });
    expect(ref).toBe(100 + 1_000 + 1);
  });

  it("counts a refused message once for each 4 KiB of it", async () => {
    open({ authorize: () => true });
    const peer = await world.welcomed();
    let ref = 0;
    while (!peer.cause && ref < 10_000) void peer.say(publish(++ref), 65_536);
    await settle();
    // Four fill the byte rate; each of the others counts 17.
    expect([peer.cause?.code, ref]).toEqual(["rate_limited", 4 + Math.floor(1_000 / 17) + 1]);
  });

  it("accepts unsubscribes above the rate, but not without limit", async () => {
    const peer = await open().welcomed();
    let ref = 0;
    while (!peer.cause && ref < 10_000) void peer.say({ type: "unsubscribe", ref: ++ref, topic: "news.a" });
    await settle();
    expect([peer.cause?.code, ref]).toEqual(["rate_limited", 100 + 1_000 + 1]);
  });

  it("holds 256 publishes that wait for those before them, refuses more for now, and keeps their order", async () => {
    const goOn: (() => void)[] = [];
    open({
      authorize: () => new Promise((resolve) => goOn.push(() => resolve(true))),
      limits: { messageRate: 10_000, messageBurst: 10_000 },
    });
    const peer = await world.welcomed();
    for (let ref = 1; ref <= 258; ref++) await peer.say(publish(ref));
    expect(peer.of("error").map(({ ref, code }) => [ref, code])).toEqual([
      [257, "rate_limited"],
      [258, "rate_limited"],
    ]);
    for (let next = goOn.shift(); next; next = goOn.shift()) {
      next();
      await settle();
    }
    expect(peer.of("acknowledged").map(({ ref }) => ref)).toEqual(
      Array.from({ length: 256 }, (_, at) => at + 1),
    );
    await world.clock.advance(520);
    await peer.say(publish(257));
    goOn.shift()?.();
    await settle();
    expect(peer.of("acknowledged").at(-1)?.ref).toBe(257);
  });

  it("reports each kind of refusal to onError once a minute", async () => {
    open({ authenticate, limits: { linksPerUser: 1 } });
    for (let n = 0; n < 5; n++) await world.welcomed("alice");
    await world.peer().say({ ...hello, protocol: 2 });
    expect(world.complaints).toMatchObject([{ code: "rate_limited" }, { code: "unsupported_protocol" }]);
    await world.clock.advance(60_000);
    for (let n = 0; n < 5; n++) await world.welcomed("alice");
    expect(world.complaints.map((error) => (error as BellwireError).code)).toEqual([
      "rate_limited",
      "unsupported_protocol",
      "rate_limited",
    ]);
  });

  it("takes 50 subscriptions at once and 128 in all, and says when to try the next", async () => {
    const peer = await open({ limits: { messageRate: 10_000 } }).welcomed();
    for (let ref = 1; ref <= 51; ref++) await peer.say({ type: "subscribe", ref, topic: `news.${ref}` });
    expect(peer.of("subscribed")).toHaveLength(50);
    expect(peer.of("error").map(({ ref, code }) => [ref, code])).toEqual([[51, "rate_limited"]]);
    expect(peer.of("error")[0]?.retryAfter).toBeGreaterThan(0);
    for (let ref = 51; ref <= 129; ref++) {
      await world.clock.advance(1_000);
      await peer.say({ type: "subscribe", ref, topic: `news.${ref}` });
    }
    expect(peer.of("subscribed")).toHaveLength(128);
    expect(peer.of("error").at(-1)).toMatchObject({ ref: 129, code: "rate_limited" });
    await world.clock.advance(1_000);
    await peer.say({ type: "unsubscribe", ref: 200, topic: "news.1" });
    await peer.say({ type: "subscribe", ref: 201, topic: "news.129" });
    expect(peer.of("subscribed").at(-1)?.ref).toBe(201);
  });

  it("takes 20 links of one user and refuses the next, until one has gone", async () => {
    open({ authenticate });
    const peers = [];
    for (let n = 0; n < 20; n++) peers.push(await world.welcomed("alice"));
    expect(peers.every(({ cause }) => cause === undefined)).toBe(true);
    expect((await world.welcomed("alice")).cause?.code).toBe("rate_limited");
    expect((await world.welcomed("bob")).cause).toBeUndefined();
    peers[0]?.hangUp();
    expect((await world.welcomed("alice")).cause).toBeUndefined();
  });
});

describe("subscriptions", () => {
  it("answers the last of several subscriptions to one topic while each is being decided, slow ones first", async () => {
    const decide: (() => void)[] = [];
    open({ authorize: () => new Promise((resolve) => decide.push(() => resolve(true))) });
    const peer = await world.welcomed();
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await peer.say({ type: "unsubscribe", ref: 2, topic: "news.a" });
    await peer.say({ type: "subscribe", ref: 3, topic: "news.a" });
    for (const yes of decide) yes();
    await settle();
    expect(peer.of("subscribed").map(({ ref }) => ref)).toEqual([3]);
    await world.hub.publish("news.a", "said", { n: 1 });
    await settle();
    expect(peer.of("notification")).toHaveLength(1);
  });

  it("keeps the subscription that was asked for last when an earlier one is refused", async () => {
    const decide: ((may: boolean) => void)[] = [];
    open({ authorize: () => new Promise((resolve) => decide.push(resolve)) });
    const peer = await world.welcomed();
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await peer.say({ type: "subscribe", ref: 2, topic: "news.a" });
    decide[1]?.(true);
    decide[0]?.(false);
    await settle();
    expect(peer.of("subscribed").map(({ ref }) => ref)).toEqual([2]);
    await world.hub.publish("news.a", "said", { n: 1 });
    await settle();
    expect(peer.of("notification")).toHaveLength(1);
  });

  it("sends nothing of a topic after the answer to unsubscribe", async () => {
    const peer = await open().welcomed();
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    const published = world.hub.publish("news.a", "said", { n: 1 });
    void peer.say({ type: "unsubscribe", ref: 2, topic: "news.a" });
    await published;
    await world.hub.publish("news.a", "said", { n: 2 });
    await settle();
    const types = peer.received.map(({ type }) => type);
    expect(types.slice(types.indexOf("done") + 1)).toEqual([]);
  });

  it.each([
    ["off the grammar", "news a"],
    ["not in the contract", "weather.x"],
    ["named like a part of every object", "constructor"],
    ["named like an object's prototype", "__proto__"],
    ["a megabyte long", "x".repeat(1_048_576)],
  ])("refuses a topic %s, and names no more of it than fits a line", async (_, topic) => {
    const peer = await open().welcomed();
    await peer.say({ type: "subscribe", ref: 1, topic });
    const [error] = peer.of("error");
    expect([error?.ref, error?.code]).toEqual([1, "unknown_topic"]);
    expect(error?.message).toContain(topic.slice(0, 20));
    expect(error?.message.length).toBeLessThan(400);
  });

  it.each([
    ["from another epoch", { epoch: "elsewhere", offset: 1 }, "epoch"],
    ["from the future", { epoch: "", offset: 99 }, "epoch"],
    ["as far as numbers go", { epoch: "", offset: Number.MAX_SAFE_INTEGER }, "epoch"],
  ])("answers a position %s with a gap", async (_, asked, gap) => {
    const peer = await open().welcomed();
    const head = await world.hub.publish("news.a", "said", { n: 1 });
    const position = { ...asked, epoch: asked.epoch || (head?.epoch as string) };
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a", position });
    expect(peer.of("subscribed")).toEqual([
      { type: "subscribed", ref: 1, topic: "news.a", position: head, gap },
    ]);
  });
});

describe("tokens", () => {
  it("closes the link when a fresh token names another user", async () => {
    const peer = await open({ authenticate }).welcomed("alice");
    await peer.say({ type: "token", ref: 1, token: "bob" });
    expect(peer.cause?.code).toBe("forbidden");
  });

  it("closes the link when a fresh token is refused", async () => {
    const peer = await open({ authenticate }).welcomed("alice");
    await peer.say({ type: "token", ref: 1, token: "nobody" });
    expect(peer.cause?.code).toBe("unauthorized");
  });

  it("says that a token expires 30 seconds before, and closes the link at its end", async () => {
    open({ authenticate });
    const peer = await world.welcomed(`alice/${world.clock.wall() + 100_000}`);
    const alive = async (ms: number) => {
      for (let at = 0; at < ms; at += 10_000) {
        await world.clock.advance(10_000);
        await peer.say({ type: "ping" });
      }
    };
    await alive(60_000);
    expect(peer.of("expiring")).toEqual([]);
    await alive(10_000);
    expect(peer.of("expiring")).toEqual([{ type: "expiring", in: 30_000 }]);
    await alive(20_000);
    expect(peer.cause).toBeUndefined();
    await world.clock.advance(10_000);
    expect(peer.cause?.code).toBe("unauthorized");
  });

  it("says that a short-lived token expires at half its life, not at once", async () => {
    open({ authenticate });
    const peer = await world.welcomed(`alice/${world.clock.wall() + 10_000}`);
    expect(peer.of("expiring")).toEqual([]);
    await world.clock.advance(5_000);
    expect(peer.of("expiring")).toEqual([{ type: "expiring", in: 5_000 }]);
    await peer.say({ type: "token", ref: 1, token: `alice/${world.clock.wall() + 60_000}` });
    expect(peer.of("done")).toHaveLength(1);
    await world.clock.advance(6_000);
    expect(peer.cause).toBeUndefined();
  });

  it("ends the subscriptions that a fresh token no longer permits", async () => {
    open({
      authenticate: ({ token }) => ({ user: "alice", may: token?.split(",") }) as User,
      authorize: ({ topic, identity }) => (identity as User & { may: string[] }).may.includes(topic),
    });
    const peer = await world.welcomed("news.a,news.b");
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await peer.say({ type: "subscribe", ref: 2, topic: "news.b" });
    await peer.say({ type: "token", ref: 3, token: "news.b" });
    expect(peer.of("error").map(({ topic, code }) => [topic, code])).toEqual([["news.a", "forbidden"]]);
    await world.hub.publish("news.a", "said", { n: 1 });
    await world.hub.publish("news.b", "said", { n: 1 });
    await settle();
    expect(peer.of("notification").map(({ topic }) => topic)).toEqual(["news.b"]);
  });
});

describe("liveness", () => {
  it("keeps a link that sends nothing but answers to pings, however long its token took to examine", async () => {
    open({
      authenticate: () => new Promise((resolve) => void world.clock.after(100, () => resolve({ user: "a" }))),
    });
    const peer = world.peer();
    await peer.say(hello);
    await world.clock.advance(100);
    for (let s = 0; s < 120; s++) {
      const pings = peer.of("ping").length;
      await world.clock.advance(1_000);
      if (peer.of("ping").length > pings) await peer.say({ type: "pong" });
    }
    expect(peer.cause).toBeUndefined();
    expect(peer.of("ping").length).toBeGreaterThanOrEqual(4);
  });

  it("closes a link that shows no sign of life for 35 seconds", async () => {
    const peer = await open().welcomed();
    await world.clock.advance(34_000);
    expect(peer.cause).toBeUndefined();
    await world.clock.advance(3_000);
    expect(peer.cause?.code).toBe("timeout");
  });

  it("detects a dead peer also when it waits longer for an answer than it pauses between pings", async () => {
    const peer = await open({ limits: { pingInterval: 5_000, pongTimeout: 20_000 } }).welcomed();
    await world.clock.advance(27_000);
    expect(peer.cause?.code).toBe("timeout");
  });

  it("disconnects nobody when the wall clock is set", async () => {
    const peer = await open().welcomed();
    for (const jump of [7_200_000, -14_400_000]) {
      world.clock.jumpWall(jump);
      await world.clock.advance(1_000);
    }
    expect(peer.cause).toBeUndefined();
  });
});

describe("slow consumers", () => {
  const fill = { limits: { queueBytes: 4_000, queueMessages: 20 } };

  it("disconnects a slow consumer whose backlog would exceed the cap, and other subscribers receive everything", async () => {
    open(fill);
    const [slow, quick] = [await world.welcomed(undefined, "slow"), await world.welcomed(undefined, "quick")];
    for (const peer of [slow, quick]) await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    slow.buffered = 3_000;
    for (let n = 1; n <= 30; n++) {
      await world.hub.publish("news.a", "said", { n });
      await settle();
    }
    expect(slow.cause?.code).toBe("slow_consumer");
    expect(quick.of("notification")).toHaveLength(30);
  });

  it("never disconnects a slow consumer of a topic with the policy drop: it gets a gap and the newest notifications", async () => {
    open({ ...fill, slowConsumers: { "news.{name}": "drop" } });
    const slow = await world.welcomed();
    await slow.say({ type: "subscribe", ref: 1, topic: "news.a" });
    slow.buffered = 1_500;
    for (let n = 1; n <= 500; n++) {
      await world.hub.publish("news.a", "said", { n });
      await settle();
    }
    expect(slow.cause).toBeUndefined();
    slow.buffered = 0;
    await world.clock.advance(100);
    const [gap, ...more] = slow.of("gap");
    expect([gap?.reason, more.length]).toEqual(["overflow", 0]);
    const offsets = slow.of("notification").map(({ offset }) => offset);
    expect(offsets.length).toBeGreaterThan(5);
    expect(offsets).toEqual(offsets.map((_, index) => 500 - offsets.length + 1 + index));
    expect(gap?.position.offset).toBe((offsets[0] as number) - 1);
  });
});

describe("revoke", () => {
  it("ends one subscription of a user, or all of its links", async () => {
    open({ authenticate });
    const [alice, bob] = [await world.welcomed("alice"), await world.welcomed("bob")];
    for (const peer of [alice, bob]) await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await world.hub.revoke("alice", "news.a");
    await world.hub.publish("news.a", "said", { n: 1 });
    await settle();
    expect(alice.of("error").map(({ topic, code }) => [topic, code])).toEqual([["news.a", "forbidden"]]);
    expect([alice.of("notification").length, bob.of("notification").length]).toEqual([0, 1]);
    await world.hub.revoke("alice");
    expect([alice.cause?.code, bob.cause]).toEqual(["forbidden", undefined]);
  });
});
