/** Clients without a link to the hub: their requests, and the broadcasters that fan out to them. */
import type { Broadcast, Broadcaster } from "@bellwire/core/server";
import { afterEach, describe, expect, it } from "vitest";
import { authenticate, codeOf, type User, World } from "./world.ts";

const handshake = { transport: "hand", headers: {} };

let world: World<User>;
afterEach(() => world.dispose());

describe("a request of a client without a link", () => {
  const open = () => {
    world = new World<User>({
      authenticate,
      authorize: ({ topic, identity }) => topic !== "private-room.x" || identity.user === "alice",
    });
    return world.hub;
  };

  it("is refused without a good token, and once the hub is closing", async () => {
    const hub = open();
    expect(await codeOf(hub.acceptRequest("nobody", handshake, "s"))).toBe("unauthorized");
    const closed = hub.close({ flush: 0 });
    expect(await codeOf(hub.acceptRequest("alice", handshake, "s"))).toBe("closed");
    await world.clock.advance(100);
    await closed;
  });

  it("is authorized for each request, like a link", async () => {
    const hub = open();
    const [alice, bob] = [
      await hub.acceptRequest("alice", handshake, "a"),
      await hub.acceptRequest("bob", handshake, "b"),
    ];
    await hub.publish("private-room.x", "said", { n: 1 });
    const head = await alice.read("private-room.x", undefined);
    expect(head.head.offset).toBe(1);
    const all = await alice.read("private-room.x", { ...head.head, offset: 0 });
    expect(all.ok && all.entries.map(({ json }) => json)).toEqual(['{"n":1}']);
    expect(await codeOf(bob.read("private-room.x", head.head))).toBe("forbidden");
    expect(await codeOf(bob.admit("private-room.x"))).toBe("forbidden");
    expect(await codeOf(bob.admit("nowhere"))).toBe("unknown_topic");
    const publication = {
      topic: "private-room.x",
      event: "said",
      data: { n: 2 },
      id: "i",
      excludeSelf: false,
    };
    expect(await codeOf(bob.publish(publication))).toBe("forbidden");
    expect(await alice.publish(publication)).toMatchObject({ position: { offset: 2 } });
  });

  it("returns the member on a topic with presence", async () => {
    const alice = await open().acceptRequest("alice", handshake, "a");
    expect(await alice.admit("presence-room.x")).toEqual({ id: "alice" });
    expect(await alice.admit("news.a")).toBeUndefined();
  });

  it("spares the link of the session that an adapter named, and none that a client claims", async () => {
    const hub = open();
    const link = await world.welcomed("bob", "x", { session: "pusher/1.2/mine" });
    const claimed = await world.welcomed("eve", "pusher/1.2/mine");
    for (const peer of [link, claimed]) await peer.say({ type: "subscribe", ref: 1, topic: "news.a" });
    const bob = await hub.acceptRequest("bob", handshake, "pusher/1.2/mine");
    await bob.publish({ topic: "news.a", event: "said", data: { n: 1 }, id: "i", excludeSelf: true });
    await world.clock.advance(1);
    expect(link.received.map(({ type }) => type)).toEqual(["welcome", "subscribed", "skip"]);
    expect(claimed.of("notification")).toHaveLength(1);
  });
});

describe("a broadcaster", () => {
  it("gets whatever the hub publishes, with its place, and is closed with the hub", async () => {
    const got: Broadcast[] = [];
    let closedIn: number | undefined;
    const broadcaster: Broadcaster = {
      name: "double",
      publish: (notification) => void got.push(notification),
      close: async (ms) => {
        closedIn = ms;
      },
    };
    world = new World<User>({ broadcasters: [broadcaster] });
    await world.hub.publish("news.a", "said", { n: 1 }, { id: "first", exclude: "someone" });
    await world.hub.publish("news.a", "typing", { n: 2 });
    expect(
      got.map(({ topic, event, json, position, id, exclude }) => [
        topic,
        event,
        json,
        position?.offset,
        id,
        exclude,
      ]),
    ).toEqual([
      ["news.a", "said", '{"n":1}', 1, "first", "someone"],
      ["news.a", "typing", '{"n":2}', undefined, undefined, undefined],
    ]);
    await world.hub.close({ flush: 7 });
    expect(closedIn).toBe(7);
  });
});
