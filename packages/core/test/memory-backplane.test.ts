/** The default backplane: several topics and listeners, at the same time, over hours. */
import { VirtualClock } from "@bellwire/core/conformance";
import {
  type Entry,
  type MemoryBackplaneOptions,
  memoryBackplane,
  type NewEntry,
} from "@bellwire/core/server";
import { expect, it } from "vitest";

const MINUTES = 60_000;
const entry = (id?: string, json = "1"): NewEntry => ({ event: "said", json, time: 0, id });

function backplane(history: MemoryBackplaneOptions["history"] = {}) {
  const clock = new VirtualClock();
  return { clock, ...memoryBackplane({ clock, history }) };
}

it("numbers each topic by itself, in an epoch of its own", async () => {
  const plane = backplane();
  const [a, b, again] = [
    await plane.append("a", entry()),
    await plane.append("b", entry()),
    await plane.append("a", entry()),
  ];
  expect([a?.offset, b?.offset, again?.offset]).toEqual([1, 1, 2]);
  expect(a?.epoch).not.toBe(b?.epoch);
  expect(a?.epoch).toBe(again?.epoch);
  expect(a?.epoch).toMatch(/^[!-~]{1,64}$/);
});

it("delivers to a listener everything that is appended after it began, in order, until it stops", async () => {
  const plane = backplane();
  const heard: number[] = [];
  await plane.append("t", entry());
  const stop = await plane.listen("t", (_, { offset }) => heard.push(offset));
  await Promise.all([1, 2, 3].map(() => plane.append("t", entry())));
  await plane.append("other", entry());
  stop();
  await plane.append("t", entry());
  expect(heard).toEqual([2, 3, 4]);
});

it("spreads a volatile entry to every listener, and neither numbers nor stores it", async () => {
  const plane = backplane();
  const heard: Entry[] = [];
  await plane.listen("t", (_, found) => heard.push(found));
  expect(await plane.spread("t", entry("a"))).toBeUndefined();
  expect(await plane.spread("t", entry("a"))).toBeUndefined();
  expect(heard.map(({ offset, id }) => [offset, id])).toEqual([
    [0, "a"],
    [0, "a"],
  ]);
  const { head } = await plane.read("t", undefined, 10);
  expect(head.offset).toBe(0);
});

it("appends an id once and answers with the first position, also when many come at the same time", async () => {
  const plane = backplane({ size: 3 });
  const heard: number[] = [];
  await plane.listen("t", (_, { offset }) => heard.push(offset));
  const positions = await Promise.all(Array.from({ length: 50 }, () => plane.append("t", entry("same"))));
  expect(new Set(positions.map((position) => position?.offset))).toEqual(new Set([1]));
  for (let n = 0; n < 10; n++) await plane.append("t", entry());
  await plane.clock.advance(5 * MINUTES);
  expect(await plane.append("t", entry("same"))).toEqual(positions[0]);
  expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  await plane.clock.advance(1);
  expect(await plane.append("t", entry("same"))).toMatchObject({ offset: 12 });
});

it("keeps to its caps while time passes", async () => {
  const plane = backplane({ size: 10, ttl: 1_000 });
  const first = await plane.append("t", entry());
  const from = { epoch: first?.epoch ?? "", offset: 0 };
  for (let n = 0; n < 9; n++) await plane.append("t", entry());
  expect(await plane.read("t", from, 10)).toMatchObject({ ok: true, head: { offset: 10 } });
  expect(await plane.read("t", from, 9)).toMatchObject({ ok: false, reason: "limit" });
  await plane.append("t", entry());
  expect(await plane.read("t", from, 100)).toMatchObject({ ok: false, reason: "evicted" });
  await plane.clock.advance(1_001);
  expect(await plane.read("t", { ...from, offset: 10 }, 100)).toMatchObject({ ok: false, reason: "evicted" });
  expect(await plane.read("t", { ...from, offset: 11 }, 100)).toMatchObject({ ok: true, entries: [] });
  expect(await plane.read("t", { ...from, offset: 12 }, 100)).toMatchObject({ ok: false, reason: "epoch" });
  expect(await plane.read("t", { epoch: "forged", offset: 11 }, 100)).toMatchObject({
    ok: false,
    reason: "epoch",
  });
});

it("forgets a topic without entries, ids and listeners, and starts a new epoch when it is used again", async () => {
  const plane = backplane();
  const before = await plane.append("t", entry("a"));
  await plane.clock.advance(5 * MINUTES);
  expect(await plane.append("t", entry("a"))).toEqual(before);
  await plane.clock.advance(2 * MINUTES);
  const after = await plane.append("t", entry("a"));
  expect(after?.offset).toBe(1);
  expect(after?.epoch).not.toBe(before?.epoch);
  expect(await plane.read("t", before ?? undefined, 10)).toMatchObject({ ok: false, reason: "epoch" });
});

it("never forgets a topic with a listener", async () => {
  const plane = backplane();
  const stop = await plane.listen("t", () => {});
  const before = await plane.append("t", entry());
  await plane.clock.advance(60 * MINUTES);
  expect(await plane.append("t", entry())).toEqual({ epoch: before?.epoch, offset: 2 });
  stop();
  await plane.clock.advance(7 * MINUTES);
  expect((await plane.append("t", entry()))?.epoch).not.toBe(before?.epoch);
});

it("leaves no timer behind when nothing is left to forget, and none after it was closed", async () => {
  const idle = backplane();
  await idle.append("t", entry());
  await idle.clock.advance(10 * MINUTES);
  expect(idle.clock.pending).toBe(0);
  const closed = backplane();
  await closed.append("t", entry());
  await closed.close();
  expect(closed.clock.pending).toBe(0);
});

it("rejects everything with closed once it is closed", async () => {
  const plane = backplane();
  await plane.append("t", entry());
  await plane.close();
  await plane.close();
  const closed = expect.objectContaining({ code: "closed" }) as unknown;
  await expect(plane.append("t", entry())).rejects.toEqual(closed);
  await expect(plane.spread("t", entry())).rejects.toEqual(closed);
  await expect(plane.listen("t", () => {})).rejects.toEqual(closed);
  await expect(plane.read("t", undefined, 1)).rejects.toEqual(closed);
});

it("holds no more than its total over all topics: the oldest last append is forgotten first, and reads say so", async () => {
  const clock = new VirtualClock();
  const plane = memoryBackplane({ clock, totalBytes: 100_000 });
  const json = `"${"x".repeat(2_000)}"`;
  const stop = await plane.listen("t0", () => {});
  const first = await plane.append("t0", entry(undefined, json));
  const old = await plane.append("t1", entry(undefined, json));
  for (let n = 2; n < 60; n++) await plane.append(`t${n}`, entry(undefined, json));
  // One with a listener keeps its numbering; one without is forgotten as a whole.
  const before = { epoch: first?.epoch ?? "", offset: 0 };
  expect(await plane.read("t0", before, 300)).toMatchObject({ ok: false, reason: "evicted", head: first });
  expect(await plane.read("t1", { epoch: old?.epoch ?? "", offset: 0 }, 300)).toMatchObject({
    ok: false,
    reason: "epoch",
  });
  const latest = await plane.append("t59", entry(undefined, json));
  const { epoch } = latest;
  expect(await plane.read("t59", { epoch, offset: 0 }, 300)).toMatchObject({ ok: true });
  stop();
});

it("holds a bounded number of topics that are only read", async () => {
  const plane = memoryBackplane({ clock: new VirtualClock(), totalBytes: 100_000 });
  const { head } = await plane.read("first", undefined, 0);
  for (let n = 0; n < 200; n++) await plane.read(`t${n}`, undefined, 0);
  expect((await plane.read("first", undefined, 0)).head.epoch).not.toBe(head.epoch);
});
