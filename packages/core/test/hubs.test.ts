/**
 * Several hubs on one backplane act as one: revocation, links of a user, exclusion, drain, outage.
 */
import { settle } from "@bellwire/core/conformance";
import { afterEach, describe, expect, it } from "vitest";
import { arrive, Cluster, ROOM, subscribed } from "./cluster.ts";
import { Cuttable, codeOf } from "./world.ts";

let cluster: Cluster;
afterEach(() => cluster.dispose());

describe("a user who is revoked on one hub", () => {
  it("is revoked on every other at once, altogether or from a topic", async () => {
    cluster = new Cluster();
    const [near, far, third] = await cluster.hubs(3);
    const peers = [await subscribed(far.world, "ann"), await subscribed(third.world, "ann")];
    const bob = await subscribed(far.world, "bob");
    await near.world.hub.revoke("ann", ROOM);
    await arrive();
    expect(peers.map((peer) => peer.of("error").map(({ code }) => code))).toEqual([
      ["forbidden"],
      ["forbidden"],
    ]);
    await near.world.hub.revoke("ann");
    await arrive();
    expect([...peers, bob].map(({ cause }) => cause?.code)).toEqual(["forbidden", "forbidden", undefined]);
  });

  it("does not get in through another while the application is still deciding who it is", async () => {
    cluster = new Cluster();
    let decide = (): void => {};
    const near = cluster.hub();
    const far = cluster.hub({
      authenticate: () => new Promise((resolve) => (decide = () => resolve({ user: "ann" }))),
    });
    await cluster.clock.advance(500);
    const peer = await far.world.welcomed("ann");
    await near.world.hub.revoke("ann");
    await arrive();
    decide();
    await settle();
    expect([peer.cause?.code, peer.of("welcome")]).toEqual(["forbidden", []]);
  });

  it("is revoked within a second although a broker loses every fifth message", async () => {
    cluster = new Cluster();
    const [near, far] = await cluster.hubs(2);
    far.way.loss = 0.2;
    let late = 0;
    for (let round = 0; round < 300; round += 1) {
      const peer = await far.world.welcomed("ann");
      await near.world.hub.revoke("ann");
      await cluster.clock.advance(1_000);
      if (!peer.cause) late += 1;
      await cluster.clock.advance(15_000);
      expect(peer.cause?.code).toBe("forbidden");
    }
    // One in 625 needs the repetitions of the next seconds.
    expect(late).toBeLessThan(5);
  });

  it.each(["cut off", "out of reach"])(
    "is revoked on a hub that was %s for half an hour, as soon as it is back, though the other has died",
    async (how) => {
      cluster = new Cluster();
      const [near, far, third] = await cluster.hubs(3);
      const [ann, bob] = [await far.world.welcomed("ann"), await far.world.welcomed("bob")];
      if (how === "cut off") far.way.loss = 1;
      else far.way.engine = "refuses";
      await cluster.clock.advance(60_000);
      await near.world.hub.revoke("ann");
      await cluster.clock.advance(60_000);
      near.way.dead = true;
      await cluster.clock.advance(1_800_000);
      expect(ann.cause).toBeUndefined();
      far.way.loss = 0;
      far.way.engine = "works";
      await cluster.clock.advance(6_000);
      expect([ann.cause?.code, bob.cause, third.world.complaints]).toEqual(["forbidden", undefined, []]);
    },
  );

  it("keeps a right that it got again before a hub, which did not exist then, was cut off", async () => {
    cluster = new Cluster();
    const [near] = await cluster.hubs(2);
    await near.world.hub.revoke("ann");
    await cluster.clock.advance(60_000);
    const young = cluster.hub();
    await cluster.clock.advance(500);
    const ann = await young.world.welcomed("ann");
    young.way.loss = 1;
    await cluster.clock.advance(20_000);
    young.way.loss = 0;
    await cluster.clock.advance(20_000);
    expect(ann.cause).toBeUndefined();
  });

  it("keeps a right that it has got again meanwhile, whatever is repeated", async () => {
    cluster = new Cluster();
    const [near, far] = await cluster.hubs(2);
    await near.world.hub.revoke("ann");
    await arrive();
    const again = await subscribed(far.world, "ann");
    await cluster.clock.advance(60_000);
    expect(again.cause).toBeUndefined();
  });

  it("is revoked here at once, and elsewhere when the engine is back, which the caller learns", async () => {
    cluster = new Cluster();
    const [near, far] = await cluster.hubs(2);
    const [here, there] = [await subscribed(near.world, "ann"), await subscribed(far.world, "ann")];
    near.way.engine = "refuses";
    const revoked = near.world.hub.revoke("ann");
    expect(here.cause?.code).toBe("forbidden");
    expect(await codeOf(revoked)).toBe("overloaded");
    await cluster.clock.advance(120_000);
    expect(there.cause).toBeUndefined();
    near.way.engine = "works";
    await cluster.clock.advance(2_000);
    expect(there.cause?.code).toBe("forbidden");
  });
});

describe("the links of one user", () => {
  const limits = { linksPerUser: 6 };

  it.each([2, 3])("are counted over %i hubs", async (count) => {
    cluster = new Cluster();
    const hubs = await cluster.hubs(count, { limits });
    for (const { world } of hubs) for (let link = 0; link < 6 / count; link += 1) await world.welcomed("ann");
    await cluster.clock.advance(600);
    for (const { world } of hubs) expect((await world.welcomed("ann")).cause?.code).toBe("rate_limited");
    expect((await hubs[0].world.welcomed("bob")).cause).toBeUndefined();
  });

  it("are free again when they end on another hub, though a broker loses every fifth message", async () => {
    cluster = new Cluster();
    const [near, far] = await cluster.hubs(2, { limits });
    near.way.loss = 0.2;
    for (let round = 0; round < 40; round += 1) {
      const links = await Promise.all([1, 2, 3, 4, 5, 6].map(() => far.world.welcomed("ann")));
      await cluster.clock.advance(28_000);
      expect((await near.world.welcomed("ann")).cause?.code).toBe("rate_limited");
      for (const link of links) link.hangUp();
      await cluster.clock.advance(28_000);
      const back = await near.world.welcomed("ann");
      expect(back.cause).toBeUndefined();
      back.hangUp();
    }
  });

  it("are not counted for a hub that drains, or has died", async () => {
    cluster = new Cluster();
    const [near, far, third] = await cluster.hubs(3, { limits });
    for (let link = 0; link < 3; link += 1) {
      await far.world.welcomed("ann");
      await third.world.welcomed("ann");
    }
    await cluster.clock.advance(600);
    expect((await near.world.welcomed("ann")).cause?.code).toBe("rate_limited");
    void far.world.hub.close({ flush: 0 });
    await arrive();
    const more = [await near.world.welcomed("ann"), await near.world.welcomed("ann")];
    expect(more.map(({ cause }) => cause)).toEqual([undefined, undefined]);
    await near.world.welcomed("ann");
    expect((await near.world.welcomed("ann")).cause?.code).toBe("rate_limited");
    third.way.dead = true;
    await cluster.clock.advance(30_000);
    expect((await near.world.welcomed("ann")).cause).toBeUndefined();
  });
});

it("the sender is spared its own publish on whichever hub its subscription is", async () => {
  cluster = new Cluster();
  const [near, far] = await cluster.hubs(2);
  const sender = await subscribed(near.world, "ann", "news.a");
  const same = await subscribed(far.world, "ann", "news.a");
  const other = await subscribed(far.world, "bob", "news.a");
  const publish = {
    type: "publish",
    ref: 2,
    topic: "news.a",
    event: "said",
    data: { n: 1 },
    id: "i",
  } as const;
  await sender.say({ ...publish, excludeSelf: true });
  await arrive();
  const heard = [sender, same, other].map((peer) => [peer.of("notification").length, peer.of("skip").length]);
  expect(heard).toEqual([
    [0, 1],
    [0, 1],
    [1, 0],
  ]);
});

it("a hub drains while others serve: its clients move, and lose, double and see nothing", async () => {
  cluster = new Cluster();
  const [first, second] = await cluster.hubs(2);
  const changes: string[] = [];
  const watcher = await subscribed(second.world, "watcher");
  let at = first.world;
  const users = ["ann", "bob", "cyd", "dan"];
  const received = new Map<string, number[]>(users.map((user) => [user, []]));
  const gaps: unknown[] = [];
  for (const user of users) {
    const transport = new Cuttable(() => at.transport());
    const channel = first.world.channel({ transport, token: () => user, clock: cluster.clock });
    const subscription = channel.subscribe("news.a");
    subscription.on("said", ({ data }) => void received.get(user)?.push(data.n));
    subscription.onGap((gap) => void gaps.push(gap));
    channel.subscribe(ROOM);
    channel.connect();
  }
  await cluster.clock.advance(1_000);
  expect(watcher.of("joined")).toHaveLength(4);
  for (let n = 1; n <= 20; n += 1) {
    await second.world.hub.publish("news.a", "said", { n });
    if (n === 5) {
      at = second.world;
      void first.world.hub.close();
    }
    await cluster.clock.advance(1_000);
  }
  await cluster.clock.advance(60_000);
  changes.push(...watcher.of("joined").map(({ member }) => `+${member.id}`));
  changes.push(...watcher.of("left").map(({ id }) => `-${id}`));
  const all = Array.from({ length: 20 }, (_, index) => index + 1);
  expect(Array.from(received.values())).toEqual(users.map(() => all));
  expect([gaps, changes]).toEqual([[], ["+ann", "+bob", "+cyd", "+dan"]]);
});

describe("a hub that cannot reach its engine", () => {
  it.each(["refuses", "hangs"] as const)(
    "keeps its links, reports once, and repairs when it is back: it %s",
    async (how) => {
      cluster = new Cluster();
      const [{ world, way }, other] = await cluster.hubs(2);
      const events: string[] = [];
      world.hub.on("backplaneLost", () => events.push("lost"));
      world.hub.on("backplaneBack", () => events.push("back"));
      const peer = await world.welcomed("ann");
      for (let topic = 0; topic < 40; topic += 1)
        await peer.say({ type: "subscribe", ref: topic, topic: `news.t${topic}` });
      await other.world.hub.publish("news.t1", "said", { n: 1 });
      await arrive();
      expect(peer.of("notification")).toHaveLength(1);
      way.engine = how;
      await cluster.clock.advance(60_000);
      await other.world.hub.publish("news.t2", "said", { n: 2 });
      await cluster.clock.advance(60_000);
      expect(world.complaints).toHaveLength(1);
      expect(peer.cause).toBeUndefined();
      // The one head of before the outage; nothing is told from memory.
      expect(peer.of("head").length).toBeLessThanOrEqual(1);
      expect(peer.of("notification")).toHaveLength(1);
      way.engine = "works";
      await cluster.clock.advance(how === "refuses" ? 2_100 : 20_100);
      if (how === "refuses")
        expect(peer.of("notification").map(({ data }) => data)).toEqual([{ n: 1 }, { n: 2 }]);
      expect(peer.of("gap")).toEqual([]);
      if (how === "refuses") expect(events).toEqual(["lost", "back"]);
    },
  );

  it("answers publishes and subscriptions with an error after which clients try again", async () => {
    cluster = new Cluster();
    const [{ world, way }] = await cluster.hubs(2);
    const peer = await world.welcomed("ann");
    way.engine = "refuses";
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await peer.say({ type: "publish", ref: 2, topic: "news.a", event: "said", data: { n: 1 }, id: "i" });
    expect(peer.of("error").map(({ ref, code, retryAfter }) => [ref, code, retryAfter])).toEqual([
      [1, "overloaded", 1_000],
      [2, "overloaded", 1_000],
    ]);
    expect(await codeOf(world.hub.publish("news.a", "said", { n: 1 }))).toBe("overloaded");
    way.engine = "works";
    await peer.say({ type: "subscribe", ref: 3, topic: "news.a" });
    await peer.say({ type: "publish", ref: 4, topic: "news.a", event: "said", data: { n: 1 }, id: "i" });
    expect([peer.of("subscribed").length, peer.of("acknowledged").length]).toEqual([1, 1]);
  });

  it("asks for all positions in one tick, and for none twice, however long the engine is silent", async () => {
    cluster = new Cluster();
    const { world, way } = cluster.hub({ limits: { subscriptions: 1_000, subscribeBurst: 1_000 } });
    const peer = await world.welcomed("ann");
    for (let topic = 0; topic < 100; topic += 1)
      await peer.say({ type: "subscribe", ref: topic, topic: `news.t${topic}` });
    await cluster.clock.advance(10_000);
    const { read, spread } = way.calls;
    way.engine = "hangs";
    await cluster.clock.advance(10_000);
    expect(way.calls.read - read).toBe(100);
    await cluster.clock.advance(30_000);
    expect(way.calls.read - read).toBe(100);
    expect(way.calls.spread - spread).toBeLessThanOrEqual(4);
    expect(world.complaints).toMatchObject([{ code: "overloaded" }]);
  });

  it("has channels subscribe again until the engine is back", async () => {
    cluster = new Cluster();
    const [{ world, way }, other] = await cluster.hubs(2);
    way.engine = "refuses";
    const channel = world.channel({ clock: cluster.clock });
    const heard: number[] = [];
    channel.subscribe("news.a").on("said", ({ data }) => void heard.push(data.n));
    channel.connect();
    await cluster.clock.advance(60_000);
    expect(channel.state).toBe("connected");
    way.engine = "works";
    await cluster.clock.advance(30_000);
    await other.world.hub.publish("news.a", "said", { n: 1 });
    await arrive();
    expect(heard).toEqual([1]);
  });

  it("does not take the other hubs for dead", async () => {
    cluster = new Cluster();
    const [near, far] = await cluster.hubs(2);
    const ann = await subscribed(near.world, "ann");
    await subscribed(far.world, "bob");
    near.way.engine = "refuses";
    await cluster.clock.advance(120_000);
    near.way.engine = "works";
    await cluster.clock.advance(60_000);
    expect([ann.of("joined").length, ann.of("left").length]).toEqual([1, 0]);
  });

  it("starts without an engine, and is one of the hubs once it is there", async () => {
    cluster = new Cluster();
    const near = cluster.hub();
    near.way.engine = "refuses";
    const far = cluster.hub();
    await cluster.clock.advance(30_000);
    expect(near.world.complaints).toHaveLength(1);
    near.way.engine = "works";
    await cluster.clock.advance(4_100);
    const peer = await near.world.welcomed("ann");
    await far.world.hub.revoke("ann");
    await arrive();
    expect(peer.cause?.code).toBe("forbidden");
  });
});

describe("a hub whose backplane nobody else can use", () => {
  it("says nothing to other hubs, and a closed hub revokes nobody", async () => {
    cluster = new Cluster();
    const { world, way } = cluster.hub({ backplane: undefined as never });
    await subscribed(world, "ann");
    await cluster.clock.advance(60_000);
    expect(way.calls.spread).toBe(0);
    const shared = cluster.hub();
    await cluster.clock.advance(500);
    await shared.world.hub.close({ flush: 0 });
    expect(await codeOf(shared.world.hub.revoke("ann"))).toBe("closed");
  });
});
