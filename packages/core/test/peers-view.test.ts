/** Pure parts of what hubs know of each other: leases in beats, links of users, lists in parts. */
import type { Member } from "@bellwire/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LinkCounts, type UserLinks } from "../src/server/link-counts.ts";
import { MemberLists, partsOf } from "../src/server/member-lists.ts";
import { LEASE, PeersView } from "../src/server/peers-view.ts";
import { PresenceNumbers } from "../src/server/presence-numbers.ts";
import { holds } from "./property.ts";

describe("the view of the other hubs", () => {
  const beats = (view: PeersView, count: number, echo = true): string[] => {
    const gone: string[] = [];
    for (let beat = 0; beat < count; beat += 1) {
      if (echo) view.echoed();
      gone.push(...view.beat().forgotten);
    }
    return gone;
  };

  it("gives a silent hub up after its lease, and not before", () => {
    const view = new PeersView();
    expect([view.heard("a"), view.heard("a"), view.knows("a")]).toEqual(["new", "known", true]);
    expect(beats(view, LEASE)).toEqual([]);
    expect([beats(view, 1), view.knows("a"), view.heard("a")]).toEqual([["a"], false, "new"]);
  });

  it("gives nobody up while it does not hear itself, and says when it may have missed something", () => {
    const view = new PeersView();
    view.heard("a");
    expect(beats(view, 100, false)).toEqual([]);
    view.echoed();
    expect(view.beat()).toEqual({ forgotten: [], returned: true });
    view.echoed();
    expect(view.beat().returned).toBe(false);
    expect(beats(view, LEASE)).toEqual(["a"]);
  });

  it("keeps a hub that has said goodbye for as long as that asked, and ignores its late words", () => {
    const view = new PeersView();
    view.heard("a");
    view.leaves("a", 3);
    expect([view.knows("a"), view.heard("a"), beats(view, 3)]).toEqual([false, "late", []]);
    expect([beats(view, 1), view.heard("a"), beats(view, 5)]).toEqual([["a"], "late", []]);
  });
});

describe("the links of users on other hubs", () => {
  const user = fc.constantFrom("ann", "bob", "__proto__");
  const users = fc.array(fc.tuple(user, fc.nat(5)), { maxLength: 4 });
  const op = fc.record({ hub: fc.nat(2), whole: fc.boolean(), gone: fc.boolean(), users });

  it("add up to those that each hub has reported last", () => {
    holds(
      fc.property(fc.array(op, { maxLength: 40 }), (ops) => {
        const counts = new LinkCounts();
        const truth = [0, 1, 2].map(() => new Map<string, number>());
        for (const { hub, whole, gone, users: reported } of ops) {
          const own = truth[hub] as Map<string, number>;
          if (whole || gone) own.clear();
          if (gone) counts.forget(`${hub}`);
          else {
            for (const [name, links] of reported) own.set(name, links);
            if (whole) counts.replace(`${hub}`, reported as UserLinks[]);
            else counts.change(`${hub}`, reported as UserLinks[]);
          }
          for (const name of ["ann", "bob", "__proto__"])
            expect(counts.of(name)).toBe(truth.reduce((sum, map) => sum + (map.get(name) ?? 0), 0));
        }
      }),
      500,
    );
  });
});

describe("a list of members in parts", () => {
  const members: Member[] = Array.from({ length: 500 }, (_, n) => ({ id: `m${n}`, info: "x".repeat(1_000) }));

  it("is whole when all of its parts have come, in any order and from several repetitions", () => {
    const parts = partsOf(7, members);
    expect(parts.length).toBeGreaterThan(3);
    const lists = new MemberLists();
    const [first, ...rest] = parts;
    for (const part of [...rest.toReversed(), ...rest]) expect(lists.take("a", part)).toBeUndefined();
    const whole = first && lists.take("a", first);
    expect(new Set(whole?.map(({ id }) => id))).toEqual(new Set(members.map(({ id }) => id)));
  });

  it("mixes no parts of two lists", () => {
    const lists = new MemberLists();
    const [old, fresh] = [partsOf(7, members), partsOf(8, members)];
    for (const part of old.slice(1)) lists.take("a", part);
    for (const part of fresh.slice(0, 1)) expect(lists.take("a", part)).toBeUndefined();
    for (const part of fresh.slice(1, -1)) expect(lists.take("a", part)).toBeUndefined();
    expect(fresh.slice(-1).map((part) => lists.take("a", part)?.length)).toEqual([500]);
    expect(lists.take("b", { number: 1, part: 0, of: 1, members: [] })).toEqual([]);
  });
});

describe("the numbers of changes", () => {
  it("show that a message between two others was lost, and none that is on its way", () => {
    const [near, far] = [new PresenceNumbers(), new PresenceNumbers()];
    expect(far.took("near", near.change(1), 1)).toBe(true);
    near.change(2);
    expect(near.missing(1)).toBe(false);
    near.beat();
    expect([near.missing(1), near.missing(2)]).toEqual([true, false]);
    expect(far.took("near", near.change(3), 3)).toBe(true);
    expect([far.took("near", 0, 1), far.digest.others]).toEqual([false, [["near", 1]]]);
    far.listed("near", 3);
    expect(far.digest.others).toEqual([["near", 3]]);
    far.listed("near", 0);
    expect(far.digest.others).toEqual([]);
  });
});
