/** Joining late, on the hub: the newest notifications with a subscription, and older pages. */
import { memoryBackplane } from "@bellwire/core/server";
import { afterEach, describe, expect, it } from "vitest";
import { authenticate, codeOf, type Peer, type User, World } from "./world.ts";

let world: World<User>;
afterEach(() => world.dispose());

const TOPIC = "news.a";

async function welcomed(name = "alice", session = "s-0123456789abcdef"): Promise<Peer> {
  const peer = world.peer();
  await peer.say({ type: "hello", protocol: 1, session, token: name });
  return peer;
}

async function said(count: number): Promise<void> {
  for (let n = 1; n <= count; n += 1) await world.hub.publish(TOPIC, "said", { n });
}

const numbersOf = (peer: Peer): unknown[] => peer.of("notification").map(({ data }) => data);
const numbers = (first: number, last: number): unknown[] =>
  Array.from({ length: last - first + 1 }, (_, index) => ({ n: first + index }));
const rows = (page: unknown): unknown[] =>
  (page as { notifications: unknown[][] }).notifications.map(([, , , data]) => data);

describe("a subscription with history", () => {
  it("gets the newest ones first, numbered from the position in the answer", async () => {
    world = new World<User>({ authenticate });
    await said(10);
    const peer = await welcomed();
    await peer.say({ type: "subscribe", ref: 1, topic: TOPIC, history: { limit: 3 } });
    await said(1);
    await peer.say({ type: "ping" });
    expect(peer.of("subscribed")[0]?.position.offset).toBe(7);
    expect(numbersOf(peer)).toEqual([...numbers(8, 10), { n: 1 }]);
    expect(peer.of("notification").map(({ offset }) => offset)).toEqual([8, 9, 10, 11]);
  });

  it("resumes from its position instead, when it has one", async () => {
    world = new World<User>({ authenticate });
    await said(10);
    const peer = await welcomed();
    const position = { ...(await world.hub.position(TOPIC)), offset: 9 };
    await peer.say({ type: "subscribe", ref: 1, topic: TOPIC, position, history: { limit: 5 } });
    expect(peer.of("subscribed")[0]?.position.offset).toBe(9);
    expect(numbersOf(peer)).toEqual([{ n: 10 }]);
  });

  it("gets none from before a time, and never more than one recovery may replay", async () => {
    world = new World<User>({ authenticate, limits: { recovery: 4 } });
    await said(2);
    await world.clock.advance(1_000);
    const since = world.clock.wall();
    await said(3);
    const peer = await welcomed();
    await peer.say({ type: "subscribe", ref: 1, topic: TOPIC, history: { since } });
    expect(numbersOf(peer)).toEqual(numbers(1, 3));
    peer.received.length = 0;
    await peer.say({ type: "subscribe", ref: 2, topic: TOPIC, history: { limit: 1e9 } });
    expect(numbersOf(peer)).toEqual([{ n: 2 }, ...numbers(1, 3)]);
    peer.received.length = 0;
    await peer.say({ type: "subscribe", ref: 3, topic: TOPIC, history: { since: since + 1_000 } });
    expect(peer.of("subscribed")[0]?.position.offset).toBe(5);
    expect(numbersOf(peer)).toEqual([]);
  });
});

describe("a page of history", () => {
  it("ends right before a position, and says whether there is more", async () => {
    world = new World<User>({ authenticate });
    await said(7);
    const peer = await welcomed();
    await peer.say({ type: "history", ref: 1, topic: TOPIC, limit: 3 });
    const [newest] = peer.of("acknowledged");
    expect(rows(newest?.data)).toEqual(numbers(5, 7));
    expect(newest).toMatchObject({ ref: 1, position: { offset: 5 }, data: { more: true } });
    await peer.say({
      type: "history",
      ref: 2,
      topic: TOPIC,
      limit: 3,
      before: newest?.position ?? undefined,
    });
    await peer.say({
      type: "history",
      ref: 3,
      topic: TOPIC,
      before: { epoch: newest?.position?.epoch ?? "", offset: 2 },
    });
    const [, older, oldest] = peer.of("acknowledged");
    expect(rows(older?.data)).toEqual(numbers(2, 4));
    expect(rows(oldest?.data)).toEqual(numbers(1, 1));
    expect(oldest).toMatchObject({ position: { offset: 1 }, data: { more: false } });
  });

  it("is empty below a position of another epoch, from the future or the past", async () => {
    world = new World<User>({ authenticate, backplane: memoryBackplane({ history: { size: 2 } }) });
    await said(5);
    const { epoch } = await world.hub.position(TOPIC);
    const peer = await welcomed();
    for (const before of [
      { epoch: "other", offset: 3 },
      { epoch, offset: 900 },
      { epoch, offset: 4 },
      { epoch, offset: 0 },
    ]) {
      peer.received.length = 0;
      await peer.say({ type: "history", ref: 1, topic: TOPIC, before });
      expect(peer.received).toEqual([
        { type: "acknowledged", ref: 1, position: before, data: { notifications: [], more: false } },
      ]);
    }
  });

  it("holds 256 KiB at most, and a notification at least", async () => {
    world = new World<User>({
      authenticate,
      limits: { messageBytes: 400_000 },
      backplane: memoryBackplane({ history: { bytes: 100_000_000 } }),
    });
    for (const n of [300_000, 100_000, 100_000, 100_000])
      await world.hub.publish(TOPIC, "said", { n, text: "x".repeat(n) } as { n: number });
    const { notifications, before } = await world.hub.history(TOPIC);
    expect(notifications.map(({ position }) => position.offset)).toEqual([3, 4]);
    const next = await world.hub.history(TOPIC, { before });
    expect(next.notifications.map(({ position }) => position.offset)).toEqual([2]);
    const last = await world.hub.history(TOPIC, { before: next.before });
    expect(last.notifications.map(({ position }) => position.offset)).toEqual([1]);
    expect(last.before).toBeUndefined();
  });

  it("leaves out what excludes the session, and counts it", async () => {
    world = new World<User>({ authenticate, authorize: () => true });
    const peer = await welcomed();
    const publish = { type: "publish", topic: TOPIC, event: "said", id: "i", excludeSelf: true } as const;
    await said(1);
    await peer.say({ ...publish, ref: 1, data: { n: 2 } });
    await said(1);
    peer.received.length = 0;
    await peer.say({ type: "history", ref: 2, topic: TOPIC, limit: 2 });
    expect(rows(peer.of("acknowledged")[0]?.data)).toEqual([{ n: 1 }]);
    expect(peer.of("acknowledged")[0]?.position?.offset).toBe(2);
  });

  it("needs the right to subscribe at the time of the answer", async () => {
    let allowed = true;
    let decide: (() => void)[] = [];
    world = new World<User>({
      authenticate,
      authorize: async () => {
        await new Promise<void>((resolve) => decide.push(resolve));
        return allowed;
      },
    });
    await said(1);
    const peer = await welcomed();
    await peer.say({ type: "history", ref: 1, topic: TOPIC });
    const asked = decide;
    decide = [];
    await world.hub.revoke("alice", TOPIC);
    for (const answer of asked) answer();
    await peer.say({ type: "ping" });
    expect(peer.of("acknowledged")).toEqual([]);
    allowed = false;
    for (const answer of decide) answer();
    await peer.say({ type: "ping" });
    expect(peer.of("error")).toMatchObject([{ ref: 1, code: "forbidden" }]);
  });

  it("is refused to anonymous clients on topics with presence, and on unknown topics", async () => {
    world = new World<User>({ authorize: () => true });
    const peer = await welcomed();
    await peer.say({ type: "history", ref: 1, topic: "presence-room.a" });
    await peer.say({ type: "history", ref: 2, topic: "nowhere" });
    expect(peer.of("error")).toMatchObject([
      { ref: 1, code: "forbidden" },
      { ref: 2, code: "unknown_topic" },
    ]);
    expect(await codeOf(world.hub.history("nowhere" as typeof TOPIC))).toBe("unknown_topic");
    expect(await codeOf(world.hub.position("nowhere" as typeof TOPIC))).toBe("unknown_topic");
  });

  it("counts against a rate of its own, and says when to ask again", async () => {
    world = new World<User>({ authenticate, limits: { subscribeBurst: 2, subscribeRate: 1 } });
    await said(1);
    const peer = await welcomed();
    for (const ref of [1, 2, 3]) await peer.say({ type: "history", ref, topic: TOPIC });
    expect(peer.of("acknowledged").map(({ ref }) => ref)).toEqual([1, 2]);
    expect(peer.of("error")).toMatchObject([
      { ref: 3, code: "rate_limited", retryAfter: expect.any(Number) },
    ]);
    await peer.say({ type: "subscribe", ref: 4, topic: TOPIC });
    expect(peer.of("subscribed")).toHaveLength(1);
  });
});
