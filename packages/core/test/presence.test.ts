/**
 * Presence on the hub: the members of its links, the reports between hubs, and the messages to
 * subscribers.
 */
import type { Member } from "@bellwire/core";
import { settle, VirtualClock } from "@bellwire/core/conformance";
import { type Backplane, type Identity, memoryBackplane } from "@bellwire/core/server";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type PresenceChange, PresenceView } from "../src/server/presence-view.ts";
import { holds } from "./property.ts";
import { type Peer, World } from "./world.ts";

const ROOM = "presence-room.x";
const identify = ({ token }: { readonly token: string | undefined }): Identity =>
  token ? { user: token, info: { of: token } } : {};
const open = { authenticate: identify, authorize: () => true };

const worlds: World[] = [];
const world = (options: ConstructorParameters<typeof World>[0] = {}): World => {
  const made = new World({ ...open, ...options });
  worlds.push(made);
  return made;
};
afterEach(() => Promise.all(worlds.splice(0).map((made) => made.dispose())));

/** A link of the user that is subscribed to the room. */
async function present(at: World, user: string, session = user): Promise<Peer> {
  const peer = await at.welcomed(user, session);
  await peer.say({ type: "subscribe", ref: 1, topic: ROOM });
  return peer;
}

/** The changes that the peer received, as `+id` and `-id`; a snapshot in brackets. */
function told({ received }: Peer): string[] {
  return received.flatMap((message) => {
    if (message.type === "members") return [`[${message.members.map(({ id }) => id).join()}]`];
    if (message.type === "joined") return [`+${message.member.id}`];
    return message.type === "left" ? [`-${message.id}`] : [];
  });
}

describe("members of one hub", () => {
  it("sends a subscriber all members, itself included, right after the reply", async () => {
    const at = world();
    await present(at, "ada");
    const bob = await present(at, "bob");
    expect(bob.received.slice(1).map(({ type }) => type)).toEqual(["subscribed", "members"]);
    expect(bob.of("members")).toEqual([
      {
        type: "members",
        topic: ROOM,
        members: [
          { id: "ada", info: { of: "ada" } },
          { id: "bob", info: { of: "bob" } },
        ],
        count: 2,
      },
    ]);
  });

  it("tells the application, too", async () => {
    const at = world();
    expect(at.hub.members(ROOM)).toEqual([]);
    await present(at, "ada");
    const bob = await present(at, "bob");
    expect(at.hub.members(ROOM).map(({ id }) => id)).toEqual(["ada", "bob"]);
    await bob.say({ type: "unsubscribe", ref: 2, topic: ROOM });
    expect(at.hub.members(ROOM)).toEqual([{ id: "ada", info: { of: "ada" } }]);
  });

  it("keeps a member for five seconds whose link was lost, and no longer", async () => {
    const at = world();
    const [ada, bob] = [await present(at, "ada"), await present(at, "bob")];
    bob.hangUp();
    await at.clock.advance(4_999);
    expect(told(ada)).toEqual(["[ada]", "+bob"]);
    await at.clock.advance(1);
    expect(told(ada)).toEqual(["[ada]", "+bob", "-bob"]);
  });

  it("shows no subscriber that a member came back in time, or subscribed again on the same link", async () => {
    const at = world();
    const [ada, bob] = [await present(at, "ada"), await present(at, "bob")];
    bob.hangUp();
    await at.clock.advance(3_000);
    const again = await present(at, "bob");
    await again.say({ type: "subscribe", ref: 2, topic: ROOM });
    await at.clock.advance(20_000);
    expect(told(ada)).toEqual(["[ada]", "+bob"]);
    expect(told(again)).toEqual(["[ada,bob]", "[ada,bob]"]);
  });

  it("has one coming and one leaving of a member whose silent link is given up", async () => {
    const at = world();
    const ada = await present(at, "ada");
    const bob = await present(at, "bob");
    for (let beat = 0; beat < 12; beat += 1) {
      await at.clock.advance(3_000);
      await ada.say({ type: "pong" });
    }
    expect(bob.cause?.code).toBe("timeout");
    expect(told(ada)).toEqual(["[ada]", "+bob", "-bob"]);
  });

  it("sends nothing more to a subscriber that has left", async () => {
    const at = world();
    const [ada, bob] = [await present(at, "ada"), await present(at, "bob")];
    await bob.say({ type: "unsubscribe", ref: 2, topic: ROOM });
    expect(told(ada)).toEqual(["[ada]", "+bob", "-bob"]);
    await present(at, "cyd");
    expect(told(bob)).toEqual(["[ada,bob]"]);
  });

  it("says again who a member is when its info has changed", async () => {
    let mood = "calm";
    const at = world({ ...open, authenticate: () => ({ user: "ada", info: mood }) });
    const first = await present(at, "ada", "one");
    mood = "cheerful";
    await present(at, "ada", "two");
    expect(first.of("joined").map(({ member }) => member)).toEqual([{ id: "ada", info: "cheerful" }]);
  });

  it("names no more members in a snapshot than its limit, and says how many there are", async () => {
    const at = world({ limits: { members: 2 } });
    for (const user of ["a", "b", "c"]) await present(at, user);
    const last = await present(at, "d");
    expect(last.of("members").map(({ members, count }) => [members.length, count])).toEqual([[2, 4]]);
  });

  it("refuses a member with more than a kilobyte of info", async () => {
    const at = world({ authenticate: () => ({ user: "ada", info: "x".repeat(1_023) }) });
    const ada = await present(at, "ada");
    expect(ada.of("error").map(({ code }) => code)).toEqual(["too_large"]);
    expect(told(ada)).toEqual([]);
  });

  it("lets an adapter grant the access and name the member", async () => {
    const at = world({ authorize: () => false });
    const member: Member = { id: "guest-7", info: "by signature" };
    const grant = (action: string, topic: string) =>
      action === "subscribe" && topic === ROOM ? { member } : undefined;
    const guest = await at.welcomed(undefined, "guest", { grant });
    await guest.say({ type: "subscribe", ref: 1, topic: ROOM });
    await guest.say({ type: "subscribe", ref: 2, topic: "presence-room.y" });
    expect(guest.of("members").map(({ members }) => members)).toEqual([[member]]);
    expect(guest.of("error").map(({ ref, code }) => [ref, code])).toEqual([[2, "forbidden"]]);
  });
});

describe("members of several hubs", () => {
  /** Two hubs on one backplane; the second can be silenced. */
  function two(): { near: World; far: World; clock: VirtualClock; silence: () => void } {
    const clock = new VirtualClock();
    const shared = memoryBackplane({ clock });
    const both: Backplane = { ...shared, close: async () => {} };
    let silent = false;
    const muted: Backplane = {
      ...both,
      spread: async (topic, entry) => {
        if (!silent) await shared.spread(topic, entry);
      },
    };
    // The peers here do not answer pings.
    const limits = { pingInterval: 600_000 };
    const near = world({ clock, backplane: both, limits });
    const far = world({ clock, backplane: muted, limits });
    return {
      near,
      far,
      clock,
      silence: () => {
        silent = true;
      },
    };
  }

  it("removes the members of a silent hub within its lease", async () => {
    const { near, far, clock, silence } = two();
    const [ada, bob] = [await present(near, "ada"), await present(far, "bob")];
    await clock.advance(60_000);
    expect(told(ada)).toEqual(["[ada]", "+bob"]);
    expect(told(bob)).toEqual(["[ada,bob]"]);
    silence();
    await clock.advance(19_000);
    expect(told(ada)).toEqual(["[ada]", "+bob"]);
    await clock.advance(21_000);
    expect(told(ada)).toEqual(["[ada]", "+bob", "-bob"]);
  });

  it("counts a user who is present through two hubs once", async () => {
    const { near, far } = two();
    const ada = await present(near, "ada");
    const here = await present(near, "bob", "here");
    const there = await present(far, "bob", "there");
    await here.say({ type: "unsubscribe", ref: 2, topic: ROOM });
    expect(told(ada)).toEqual(["[ada]", "+bob"]);
    await there.say({ type: "unsubscribe", ref: 2, topic: ROOM });
    await settle();
    expect(told(ada)).toEqual(["[ada]", "+bob", "-bob"]);
  });

  it("keeps the members of a hub that drains until they had time to come back elsewhere", async () => {
    const { near, far, clock } = two();
    const ada = await present(near, "ada");
    await present(far, "bob");
    await present(far, "cyd");
    await far.hub.close({ flush: 0 });
    await clock.advance(3_000);
    await present(near, "bob");
    await clock.advance(30_000);
    expect(told(ada)).toEqual(["[ada]", "+bob", "+cyd", "-cyd"]);
  });
});

describe("the view of who is present", () => {
  const op = fc.oneof(
    fc.record({ do: fc.constant("join" as const), hub: fc.nat(2), id: fc.nat(3), info: fc.nat(1) }),
    fc.record({ do: fc.constant("leave" as const), hub: fc.nat(2), id: fc.nat(3) }),
    fc.record({ do: fc.constant("replace" as const), hub: fc.nat(2), ids: fc.uniqueArray(fc.nat(3)) }),
    fc.record({ do: fc.constant("forget" as const), hub: fc.nat(2) }),
  );

  it("tells changes from which the list can be kept, whatever the hubs say", () => {
    holds(
      fc.property(fc.array(op, { maxLength: 60 }), (ops) => {
        const view = new PresenceView();
        const kept = new Set<string>();
        const truth = [0, 1, 2].map(() => new Set<string>());
        const apply = ({ joined, left }: PresenceChange): void => {
          for (const id of left) kept.delete(id);
          for (const { id } of joined) kept.add(id);
        };
        for (const step of ops) {
          const hub = `hub-${step.hub}`;
          const own = truth[step.hub] as Set<string>;
          if (step.do === "join") {
            apply(view.join(hub, { id: `m${step.id}`, info: step.info }));
            own.add(`m${step.id}`);
          } else if (step.do === "leave") {
            apply(view.leave(hub, `m${step.id}`));
            own.delete(`m${step.id}`);
          } else if (step.do === "replace") {
            const members = step.ids.map((id) => ({ id: `m${id}` }));
            apply(view.replace(hub, members));
            own.clear();
            for (const { id } of members) own.add(id);
          } else {
            apply(view.forget(hub));
            own.clear();
          }
          const all = new Set(truth.flatMap((set) => [...set]));
          expect(new Set(view.members.keys())).toEqual(all);
          expect(kept).toEqual(all);
        }
      }),
      2_000,
    );
  });
});
