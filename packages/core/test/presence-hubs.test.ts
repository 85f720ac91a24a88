/** Presence over several hubs, on a broker that loses every fifth message, with hubs that die. */
import { seededRandom } from "@bellwire/core/conformance";
import { afterEach, describe, expect, it } from "vitest";
import { arrive, Cluster, present, ROOM, subscribed } from "./cluster.ts";
import type { Peer } from "./world.ts";

/** Milliseconds after which a hub that is silent is given up at the latest. */
const LEASE = 30_000;

let cluster: Cluster;
afterEach(() => cluster.dispose());

const leftOf = (peer: Peer): string[] => peer.of("left").map(({ id }) => id);

describe("the members of several hubs", () => {
  it("are the same on each at once, and known to a hub that comes later", async () => {
    cluster = new Cluster();
    const [near, far, third] = await cluster.hubs(3);
    await subscribed(near.world, "ann");
    await subscribed(far.world, "bob");
    await arrive();
    const cyd = await subscribed(third.world, "cyd");
    await arrive();
    for (const { world } of [near, far, third]) expect(present(world)).toEqual(["ann", "bob", "cyd"]);
    await cyd.say({ type: "unsubscribe", ref: 2, topic: ROOM });
    await arrive();
    for (const { world } of [near, far]) expect(present(world)).toEqual(["ann", "bob"]);
    const late = cluster.hub();
    await cluster.clock.advance(500);
    await subscribed(late.world, "dan");
    await arrive();
    expect(present(late.world)).toEqual(["ann", "bob", "dan"]);
  });

  it.each([1, 2, 3, 4, 5])(
    "are right after one lease, and nobody leaves falsely, when every fifth message is lost (seed %i)",
    async (seed) => {
      cluster = new Cluster(seed);
      const random = seededRandom(seed);
      const hubs = await cluster.hubs(3);
      for (const { way } of hubs) way.loss = 0.2;
      const watchers = await Promise.all(hubs.map(({ world }, index) => subscribed(world, `stays-${index}`)));
      const here = new Map<string, Peer>();
      for (let round = 0; round < 20; round += 1) {
        for (let step = 0; step < 30; step += 1) {
          const user = `user-${random.int(20)}`;
          const peer = here.get(user);
          if (!peer) here.set(user, await subscribed(random.pick(hubs).world, user));
          else if (random.chance(0.5)) {
            here.delete(user);
            await peer.say({ type: "unsubscribe", ref: 2, topic: ROOM });
          }
          await cluster.clock.advance(random.int(1_000));
        }
        await cluster.clock.advance(LEASE);
        const truth = [...here.keys(), "stays-0", "stays-1", "stays-2"].toSorted();
        for (const { world } of hubs) expect(present(world)).toEqual(truth);
      }
      for (const watcher of watchers)
        expect(leftOf(watcher).filter((id) => id.startsWith("stays"))).toEqual([]);
    },
  );

  it("are told in parts when there are many, and fill the holes of a bad broker", async () => {
    cluster = new Cluster();
    const info = "x".repeat(900);
    const limits = { members: 10, queueMessages: 100_000 };
    const authenticate = ({ token = "" }) => ({ user: token, info });
    const [near, far] = await cluster.hubs(2, { authenticate, limits });
    for (let n = 0; n < 1_300; n += 1) await subscribed(near.world, `user-${n}`);
    far.way.loss = 0.2;
    await subscribed(far.world, "late");
    await cluster.clock.advance(LEASE);
    expect(present(far.world)).toHaveLength(1_301);
  });
});

describe("a hub", () => {
  it("that is killed is forgotten within its lease, and leaves no ghost", async () => {
    cluster = new Cluster();
    const [near, far] = await cluster.hubs(2);
    const ann = await subscribed(near.world, "ann");
    await subscribed(far.world, "bob");
    await cluster.clock.advance(100_000);
    far.way.dead = true;
    await cluster.clock.advance(20_000);
    expect(leftOf(ann)).toEqual([]);
    await cluster.clock.advance(LEASE - 20_000);
    expect(leftOf(ann)).toEqual(["bob"]);
    await cluster.clock.advance(300_000);
    expect(present(near.world)).toEqual(["ann"]);
  });

  it("that stood still for a minute is one of them again, with the members that it has by then", async () => {
    cluster = new Cluster();
    const [near, far] = await cluster.hubs(2);
    const ann = await subscribed(near.world, "ann");
    const bob = await subscribed(far.world, "bob");
    await subscribed(far.world, "cyd");
    far.way.dead = true;
    await cluster.clock.advance(60_000);
    expect(present(near.world)).toEqual(["ann"]);
    await bob.say({ type: "unsubscribe", ref: 2, topic: ROOM });
    far.way.dead = false;
    await cluster.clock.advance(5_000);
    expect(present(near.world)).toEqual(["ann", "cyd"]);
    expect([leftOf(ann).toSorted(), present(far.world)]).toEqual([
      ["bob", "cyd"],
      ["ann", "cyd"],
    ]);
  });

  it("that is cut off from the others repairs what it missed, once it hears them again", async () => {
    cluster = new Cluster();
    const [near, far] = await cluster.hubs(2);
    const ann = await subscribed(near.world, "ann");
    const bob = await subscribed(far.world, "bob");
    await arrive();
    near.way.loss = 1;
    await subscribed(far.world, "cyd");
    await bob.say({ type: "unsubscribe", ref: 2, topic: ROOM });
    await cluster.clock.advance(200_000);
    expect(present(near.world)).toEqual(["ann", "bob"]);
    near.way.loss = 0;
    await cluster.clock.advance(5_000);
    expect([present(near.world), leftOf(ann)]).toEqual([["ann", "cyd"], ["bob"]]);
  });

  it("says little while nobody comes or goes: one message in two seconds, and numbers now and then", async () => {
    cluster = new Cluster();
    const [near, far] = await cluster.hubs(2);
    for (let topic = 0; topic < 100; topic += 1) {
      await subscribed(near.world, `near-${topic}`, `presence-room.t${topic}`);
      await subscribed(far.world, `far-${topic}`, `presence-room.t${topic}`);
    }
    await cluster.clock.advance(60_000);
    const before = near.way.calls.spread;
    await cluster.clock.advance(260_000);
    // 130 beats, 32 reports of links, and the numbers of all topics every 13 beats, together.
    expect(near.way.calls.spread - before).toBeLessThanOrEqual(130 + 33 + 13 * 11);
  });
});
