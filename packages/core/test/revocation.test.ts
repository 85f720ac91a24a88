/**
 * A user's rights are taken at once: on open links, on links being decided about, and from commands
 * that wait.
 */

import type { Grant } from "@bellwire/core/adapter";
import { settle } from "@bellwire/core/conformance";
import type { HubOptions } from "@bellwire/core/server";
import { afterEach, describe, expect, it } from "vitest";
import { authenticate, type Peer, type Topics, type User, World } from "./world.ts";

let world: World<User>;
afterEach(() => world.dispose());

const open = (options: Partial<HubOptions<Topics, User>> = {}): World<User> => {
  world = new World<User>({ authenticate, authorize: () => true, ...options });
  return world;
};

const place = (peer: Peer, n: number) =>
  peer.say({ type: "publish", ref: n, topic: "orders", event: "place", data: { n }, id: `i${n}` });

/**
 * A hub whose command waits until the test lets it go on, and the numbers of those that were
 * carried out.
 */
function slowly(options: Partial<HubOptions<Topics, User>> = {}) {
  open({ limits: { decisionTimeout: 60_000 }, ...options });
  const done: number[] = [];
  const goOn: (() => void)[] = [];
  world.hub.handle("orders", "place", async ({ data }) => {
    done.push(data.n);
    await new Promise<void>((resolve) => goOn.push(resolve));
  });
  const release = async (): Promise<void> => {
    for (let next = goOn.shift(); next; next = goOn.shift()) {
      next();
      await settle();
    }
  };
  return { done, release };
}

describe("commands that wait behind others", () => {
  it("are not carried out once the user was revoked", async () => {
    const { done, release } = slowly();
    const peer = await world.welcomed("alice");
    for (let n = 1; n <= 20; n++) await place(peer, n);
    expect(done).toEqual([1]);
    await world.hub.revoke("alice");
    await release();
    expect(done).toEqual([1]);
    expect(peer.cause?.code).toBe("forbidden");
  });

  it("are not carried out once the token has expired", async () => {
    const { done, release } = slowly();
    const peer = await world.welcomed(`alice/${world.clock.wall() + 5_000}`);
    for (let n = 1; n <= 20; n++) await place(peer, n);
    await world.clock.advance(5_000);
    await release();
    expect(done).toEqual([1]);
    expect(peer.cause?.code).toBe("unauthorized");
  });

  it("are asked for again when a right was taken while the application was deciding about them", async () => {
    const decide: ((may: boolean) => void)[] = [];
    open({ authorize: () => new Promise((resolve) => decide.push(resolve)) });
    const peer = await world.welcomed("alice");
    await peer.say({ type: "publish", ref: 1, topic: "news.a", event: "said", data: { n: 1 }, id: "i" });
    await world.hub.revoke("alice", "news.a");
    decide[0]?.(true);
    await settle();
    expect(decide).toHaveLength(2);
    decide[1]?.(false);
    await settle();
    expect(peer.of("error")).toMatchObject([{ ref: 1, code: "forbidden" }]);
    expect(peer.of("acknowledged")).toEqual([]);
  });

  it("are still carried out when the link is only lost, for the client cannot know that they were not", async () => {
    const { done, release } = slowly();
    const peer = await world.welcomed("alice");
    for (let n = 1; n <= 3; n++) await place(peer, n);
    peer.hangUp();
    await release();
    expect(done).toEqual([1, 2, 3]);
  });
});

describe("a user who is revoked", () => {
  it("does not get in while the application is still deciding who it is", async () => {
    const decide: (() => void)[] = [];
    open({
      authenticate: ({ token = "" }) => new Promise((resolve) => decide.push(() => resolve({ user: token }))),
    });
    const [alice, bob] = [await world.welcomed("alice"), await world.welcomed("bob")];
    await world.hub.revoke("alice");
    for (const yes of decide) yes();
    await settle();
    expect(alice.cause?.code).toBe("forbidden");
    expect(alice.of("welcome")).toEqual([]);
    expect(bob.of("welcome")).toHaveLength(1);
  });

  it("loses one topic and keeps the others", async () => {
    open();
    const peer = await world.welcomed("alice");
    await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    await peer.say({ type: "subscribe", ref: 2, topic: "news.b" });
    await world.hub.revoke("alice", "news.a");
    for (const topic of ["news.a", "news.b"] as const) await world.hub.publish(topic, "said", { n: 1 });
    await settle();
    expect(peer.of("notification").map(({ topic }) => topic)).toEqual(["news.b"]);
    expect(peer.of("error")).toMatchObject([{ topic: "news.a", code: "forbidden" }]);
  });
});

describe("on links whose rights an adapter has verified by signatures", () => {
  const stock = async (grants: Record<string, Grant>, user?: string): Promise<Peer> => {
    const peer = await world.welcomed(undefined, "1.1", {
      session: "1.1",
      grant: (_, topic) => grants[topic],
      user: () => user,
    });
    let ref = 0;
    for (const topic of Object.keys(grants)) await peer.say({ type: "subscribe", ref: ++ref, topic });
    expect(peer.of("subscribed")).toHaveLength(ref);
    return peer;
  };
  const anonymous = () => open({ authenticate: () => ({}) as User });

  it.each([
    ["the user whom a channel's authorization names", { "private-room.1": { user: "alice" } }, undefined],
    ["the member of a presence topic", { "presence-room.1": { member: { id: "alice" } } }, undefined],
    ["the user who has signed in", { "private-room.1": {} }, "alice"],
  ] as const)("ends the link of %s for good, and that of nobody else", async (_, grants, user) => {
    anonymous();
    const neighbour = await stock({ "private-room.1": { user: "bob" } });
    const peer = await stock(grants, user);
    await world.hub.revoke("alice");
    expect([peer.cause?.code, neighbour.cause]).toEqual(["forbidden", undefined]);
  });

  it("ends a link whose right to the topic was taken, for now, as its signature holds for as long as the link does", async () => {
    anonymous();
    const peer = await stock({ "private-room.1": { user: "alice" }, "private-room.2": { user: "alice" } });
    const elsewhere = await stock({ "private-room.2": { user: "alice" } });
    await world.hub.revoke("alice", "private-room.1");
    expect([peer.cause?.code, elsewhere.cause]).toEqual(["link_lost", undefined]);
  });

  it("has links authorize again whose signatures name nobody, since nobody can tell them apart", async () => {
    anonymous();
    const [unnamed, other] = [await stock({ "private-room.1": {} }), await stock({ "private-room.2": {} })];
    await world.hub.revoke("alice", "private-room.1");
    expect([unnamed.cause?.code, other.cause]).toEqual(["link_lost", undefined]);
    await world.hub.revoke("alice");
    expect(other.cause?.code).toBe("link_lost");
  });
});
