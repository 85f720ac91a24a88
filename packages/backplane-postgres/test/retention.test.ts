/** Eviction in the background: what it removes, what it keeps, and whom it does not disturb. */
import { describe, expect, it, vi } from "vitest";
import { databases } from "./databases.ts";
import { announce } from "./postgres-server.ts";
import { freshPrefix } from "./store.ts";

const entry = { event: "said", json: "{}", time: 1 };

describe.runIf(announce("eviction on PostgreSQL"))("eviction", () => {
  const all = databases();

  it("removes above the cap of bytes, the oldest first", async () => {
    const plane = all.backplane({ history: { bytes: 10_000 } });
    const json = JSON.stringify("x".repeat(1_000 - 66));
    for (let n = 0; n < 20; n += 1) await plane.append("news", { ...entry, json });
    await plane.evict();
    const { head } = await plane.read("news", undefined, 0);
    expect(await plane.read("news", { ...head, offset: 10 }, 100)).toMatchObject({ ok: true });
    expect(await plane.read("news", { ...head, offset: 9 }, 100)).toMatchObject({ reason: "evicted" });
  });

  it("happens by itself within some seconds", async () => {
    const prefix = freshPrefix();
    const plane = all.backplane({ prefix, history: { size: 3 } });
    await Promise.all(Array.from({ length: 50 }, () => plane.append("news", entry)));
    const sql = all.pool();
    await vi.waitFor(
      async () =>
        expect((await sql.query(`select count(*)::int as n from ${prefix}_entries`)).rows).toEqual([
          { n: 3 },
        ]),
      { timeout: 12_000, interval: 200 },
    );
  });

  it("never makes a reader see a hole, nor a publisher wait, while several instances evict", async () => {
    const prefix = freshPrefix();
    const history = { size: 20 };
    const [one, two, three] = [0, 1, 2].map(() => all.backplane({ prefix, history }));
    if (!one || !two || !three) throw new Error("unreachable");
    const topics = ["a", "b", "c"];
    let going = true;
    const evicting = [two, three].map(async (plane) => {
      while (going) await plane.evict();
    });
    const reading = topics.map(async (topic) => {
      let read = 0;
      while (going) {
        const { head } = await two.read(topic, undefined, 0);
        const after = { ...head, offset: Math.max(0, head.offset - 10 - (read % 15)) };
        const history_ = await three.read(topic, after, 1_000);
        if (history_.ok) {
          const offsets = history_.entries.map(({ offset }) => offset);
          expect(offsets).toEqual(Array.from(offsets, (_, n) => after.offset + 1 + n));
          expect(offsets.at(-1) ?? after.offset).toBe(history_.head.offset);
          read += 1;
        } else expect(history_.reason).toBe("evicted");
        const page = await one.read(topic, undefined, 40);
        if (!page.ok) throw new Error(page.reason);
        const offsets = page.entries.map(({ offset }) => offset);
        expect(offsets).toEqual(Array.from(offsets, (_, n) => page.head.offset - offsets.length + 1 + n));
      }
      return read;
    });
    let slowest = 0;
    for (let n = 0; n < 150; n += 1) {
      const begin = performance.now();
      await Promise.all(topics.map((topic) => one.append(topic, entry)));
      slowest = Math.max(slowest, performance.now() - begin);
    }
    going = false;
    await Promise.all(evicting);
    for (const count of await Promise.all(reading)) expect(count).toBeGreaterThan(0);
    expect(slowest).toBeLessThan(4_000);
  });

  it("forgets a topic that had neither an entry nor a listener for a day, and no other", async () => {
    const prefix = freshPrefix();
    const sql = all.pool();
    const plane = all.backplane({ prefix });
    const clock = (days: number): Promise<unknown> =>
      sql.query(`create or replace function ${prefix}_now() returns bigint language sql volatile as
        'select ${1_800_000_000_000 + days * 86_400_000}::bigint'`);
    await plane.ready();
    await clock(0);
    const { head: idle } = await plane.read("idle", undefined, 0);
    const { head: listened } = await plane.read("listened", undefined, 0);
    const old = await plane.append("old", entry);
    const forget = (): Promise<unknown> => sql.query(`select ${prefix}_forget('["listened"]'::json, 1000)`);
    await clock(0.9);
    await plane.evict();
    await forget();
    // Its entry is evicted, but its position can still be compared.
    expect(await plane.read("old", { ...old, offset: 0 }, 10)).toMatchObject({ reason: "evicted" });
    expect((await plane.read("idle", undefined, 0)).head).toEqual(idle);
    await clock(1.1);
    await forget();
    expect((await plane.read("idle", undefined, 0)).head.epoch).not.toBe(idle.epoch);
    expect((await plane.read("listened", undefined, 0)).head).toEqual(listened);
    expect(await plane.read("old", old, 10)).toMatchObject({ reason: "epoch" });
  });

  it("keeps numbers and ids when the server's clock goes back an hour", async () => {
    const prefix = freshPrefix();
    const sql = all.pool();
    const plane = all.backplane({ prefix });
    const first = await plane.append("news", { ...entry, id: "a" });
    await sql.query(`create or replace function ${prefix}_now() returns bigint language sql volatile as
      'select (extract(epoch from clock_timestamp()) * 1000)::bigint - 3600000'`);
    expect(await plane.append("news", { ...entry, id: "a" })).toEqual(first);
    expect(await plane.append("news", entry)).toEqual({ ...first, offset: 2 });
    await plane.evict();
    expect(await plane.read("news", { ...first, offset: 0 }, 10)).toMatchObject({ ok: true });
  });
});
