/** The hub's events, each on a real hub: payloads, order, and listeners that fail. */
import type { HubEvents } from "@bellwire/core/server";
import { afterEach, describe, expect, it } from "vitest";
import { authenticate, type User, World } from "./world.ts";

const NAMES = [
  "linkOpened",
  "linkRefused",
  "linkClosed",
  "subscribed",
  "unsubscribed",
  "topicOccupied",
  "topicVacated",
  "memberJoined",
  "memberLeft",
  "published",
  "delivered",
  "slowConsumer",
  "gapServed",
  "resumeServed",
  "drained",
] as const satisfies readonly (keyof HubEvents)[];

let world: World<User>;

/** A world that logs the named events of its hub. */
function open(
  names: readonly (keyof HubEvents)[] = NAMES,
  options: ConstructorParameters<typeof World<User>>[0] = {},
): (readonly [string, unknown])[] {
  world = new World<User>({ authenticate, authorize: () => true, ...options });
  const log: (readonly [string, unknown])[] = [];
  for (const name of names) world.hub.on(name, (payload) => log.push([name, payload]));
  return log;
}

afterEach(async () => world.dispose());

describe("the hub emits", () => {
  it("linkOpened, subscribed, unsubscribed and linkClosed, in that order", async () => {
    const log = open();
    const peer = await world.welcomed("alice");
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await peer.say({ type: "unsubscribe", ref: 2, topic: "news.a" });
    peer.hangUp();
    const facts = { transport: "hand", user: "alice" };
    expect(log).toEqual([
      ["linkOpened", facts],
      ["subscribed", { ...facts, topic: "news.a" }],
      ["topicOccupied", { topic: "news.a" }],
      ["unsubscribed", { ...facts, topic: "news.a" }],
      ["linkClosed", { ...facts, cause: { code: "link_lost" } }],
    ]);
  });

  it("unsubscribed when a subscription ends with its link", async () => {
    const log = open(["unsubscribed"]);
    const peer = await world.welcomed("alice");
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    peer.hangUp();
    expect(log).toEqual([["unsubscribed", { transport: "hand", user: "alice", topic: "news.a" }]]);
  });

  it("linkRefused with the cause, when the hub refuses a hello and when an adapter refuses a connection", async () => {
    const log = open(["linkOpened", "linkRefused", "linkClosed"]);
    await world.welcomed("nobody");
    world.hub.refused({ code: "forbidden", reason: "a foreign origin" }, "ws");
    expect(log).toMatchObject([
      ["linkRefused", { transport: "hand", cause: { code: "unauthorized" } }],
      ["linkRefused", { transport: "ws", cause: { code: "forbidden", reason: "a foreign origin" } }],
    ]);
  });

  it("topicVacated only after the grace period, and not when a subscriber returns within it", async () => {
    const log = open(["topicOccupied", "topicVacated"], { limits: { presenceGrace: 1_000 } });
    const peer = await world.welcomed("alice");
    for (const ref of [1, 3]) {
      await peer.say({ type: "subscribe", ref, topic: "news.a" });
      await peer.say({ type: "unsubscribe", ref: ref + 1, topic: "news.a" });
      await world.clock.advance(500);
    }
    expect(log).toEqual([["topicOccupied", { topic: "news.a" }]]);
    await world.clock.advance(500);
    expect(log.at(-1)).toEqual(["topicVacated", { topic: "news.a" }]);
    expect(log).toHaveLength(2);
  });

  it("memberJoined and memberLeft once for each member, whatever the number of links", async () => {
    const log = open(["memberJoined", "memberLeft"]);
    const peers = [await world.welcomed("alice"), await world.welcomed("alice")];
    for (const peer of peers) await peer.say({ type: "subscribe", ref: 1, topic: "presence-room.x" });
    for (const peer of peers) await peer.say({ type: "unsubscribe", ref: 2, topic: "presence-room.x" });
    expect(log).toEqual([
      ["memberJoined", { topic: "presence-room.x", member: { id: "alice" } }],
      ["memberLeft", { topic: "presence-room.x", id: "alice" }],
    ]);
  });

  it("published with position and bytes, and delivered with the number of subscribers, excluded ones not counted", async () => {
    const log = open(["published", "delivered"]);
    const peers = [await world.welcomed("alice", "s".repeat(16)), await world.welcomed("bob")];
    for (const peer of peers) await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    const publish = { type: "publish", topic: "news.a", event: "said", data: { n: 1 } } as const;
    await peers[0]?.say({ ...publish, ref: 2, id: "first", excludeSelf: true });
    await world.hub.publish("news.a", "typing", { n: 2 });
    expect(log).toMatchObject([
      ["delivered", { topic: "news.a", event: "said", count: 1 }],
      ["published", { topic: "news.a", event: "said", position: { offset: 1 }, bytes: 7 }],
      ["delivered", { topic: "news.a", event: "typing", count: 2 }],
      ["published", { topic: "news.a", event: "typing", position: null, bytes: 7 }],
    ]);
  });

  it.each(["disconnect", "drop"] as const)(
    "slowConsumer with the action, when the policy is %s",
    async (action) => {
      const log = open(["slowConsumer"], {
        slowConsumers: { "news.{name}": action },
        limits: { queueMessages: 4 },
      });
      const peer = await world.welcomed("alice");
      await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
      peer.buffered = 900_000;
      for (let n = 0; n < 10; n++) await world.hub.publish("news.a", "said", { n });
      await world.clock.advance(20);
      expect(log[0]).toEqual(["slowConsumer", { transport: "hand", user: "alice", action }]);
    },
  );

  it("resumeServed with the number of replayed notifications, and gapServed with the reason", async () => {
    const log = open(["resumeServed", "gapServed"]);
    const first = await world.hub.publish("news.a", "said", { n: 1 });
    for (const n of [2, 3]) await world.hub.publish("news.a", "said", { n });
    const peer = await world.welcomed("alice");
    const epoch = first?.epoch ?? "";
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a", position: { epoch, offset: 1 } });
    await peer.say({ type: "subscribe", ref: 2, topic: "news.a", position: { epoch: "old", offset: 1 } });
    expect(log).toEqual([
      ["resumeServed", { transport: "hand", user: "alice", topic: "news.a", count: 2 }],
      ["gapServed", { topic: "news.a", reason: "epoch", count: 1 }],
    ]);
  });

  it("drained after the last link was closed", async () => {
    const log = open(["linkClosed", "drained"]);
    await world.welcomed("alice");
    const closed = world.hub.close({ flush: 0 });
    await world.clock.advance(100);
    await closed;
    expect(log.map(([name]) => name)).toEqual(["linkClosed", "drained"]);
    expect(log.at(-1)?.[1]).toMatchObject({ links: 1 });
  });
});

describe("a listener", () => {
  it("that throws or rejects is reported to onError, and affects no other listener and no delivery", async () => {
    const log = open([]);
    const [thrown, rejected] = [new Error("thrown"), new Error("rejected")];
    world.hub.on("published", () => {
      throw thrown;
    });
    world.hub.on("published", () => Promise.reject(rejected));
    world.hub.on("published", (payload) => log.push(["published", payload]));
    const peer = await world.welcomed("alice");
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await world.hub.publish("news.a", "said", { n: 1 });
    await world.clock.advance(1);
    expect(peer.of("notification")).toHaveLength(1);
    expect(log).toHaveLength(1);
    expect(world.complaints).toEqual([thrown, rejected]);
  });

  it("that is removed is not called again", async () => {
    const log = open([]);
    const remove = world.hub.on("linkOpened", (payload) => log.push(["linkOpened", payload]));
    await world.welcomed("alice");
    remove();
    await world.welcomed("bob");
    expect(log).toHaveLength(1);
  });
});
