/** The server is killed, frozen, failed over and emptied while backplanes are on it. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PostgresBackplane } from "@bellwire/backplane-postgres";
import { postgresBackplane } from "@bellwire/backplane-postgres";
import { freshSeed, seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import type { Entry } from "@bellwire/core/server";
import pg from "pg";
import postgres from "postgres";
import { describe, expect, it, vi } from "vitest";
import { databases } from "./databases.ts";
import { announce } from "./postgres-server.ts";
import { freshPrefix } from "./store.ts";

const entry = { event: "said", json: "{}", time: 1 };

/** Appends until it succeeds, with one id, as a client with an outbox does. */
async function insist(plane: PostgresBackplane, topic: string, id: string): Promise<number> {
  for (;;) {
    try {
      return (await plane.append(topic, { ...entry, id })).offset;
    } catch (error) {
      expect(error).toMatchObject({ code: "overloaded", retryAfter: 1_000 });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

describe.runIf(announce("faults of a PostgreSQL server"))(
  "while a server has faults, a backplane",
  { timeout: 60_000 },
  () => {
    const all = databases({ durable: true });

    async function offsetsOf(plane: PostgresBackplane, topic: string): Promise<number[]> {
      const offsets: number[] = [];
      await plane.listen(topic, (_, { offset }) => offsets.push(offset));
      return offsets;
    }

    it("loses nothing that was acknowledged when the server is killed, and goes on when it is back", async () => {
      const prefix = freshPrefix();
      const [one, two] = [
        all.backplane({ prefix, timeout: 3_000 }),
        all.backplane({ prefix, timeout: 3_000 }),
      ];
      const heard = await offsetsOf(two, "news");
      const before = await one.append("news", entry);
      const insisting = Promise.all(Array.from({ length: 30 }, (_, n) => insist(one, "news", `i${n}`)));
      await all.server.stop("SIGKILL");
      await expect(one.append("news", entry)).rejects.toMatchObject({ code: "overloaded" });
      await all.server.start();
      expect(new Set(await insisting).size).toBe(30);
      const history = await one.read("news", { ...before, offset: 0 }, 1_000);
      expect(history).toMatchObject({ ok: true, head: { epoch: before.epoch } });
      await vi.waitFor(() => expect(heard).toHaveLength(history.head.offset), 15_000);
      expect(heard).toEqual(Array.from(heard, (_, n) => n + 1));
    });

    it("rejects in time while the server is frozen, and goes on when it thaws", async () => {
      const plane = all.backplane({ timeout: 2_000 });
      const heard = await offsetsOf(plane, "news");
      await plane.append("news", entry);
      all.server.freeze();
      try {
        const begin = performance.now();
        const calls = [
          plane.append("news", entry),
          plane.spread("news", entry),
          plane.read("news", undefined, 0),
        ];
        for (const result of await Promise.allSettled([...calls, plane.listen("other", () => {})]))
          expect(result).toMatchObject({ reason: { code: "overloaded" } });
        expect(performance.now() - begin).toBeLessThan(10_000);
      } finally {
        all.server.thaw();
      }
      await insist(plane, "news", "after");
      const { head } = await plane.read("news", undefined, 0);
      await vi.waitFor(() => expect(heard.filter((offset) => offset > 0)).toHaveLength(head.offset), 15_000);
    });

    it("hears again on Postgres.js after its connections were ended and after the server was killed", async () => {
      const prefix = freshPrefix();
      const sql = postgres(all.server.url(), { max: 3, onnotice: () => {} });
      const [one, two] = [
        all.backplane({ prefix, timeout: 3_000 }),
        postgresBackplane(sql, { prefix, timeout: 3_000, onError: () => {} }),
      ];
      const heard = await offsetsOf(two, "news");
      await insist(one, "news", "a");
      await vi.waitFor(() => expect(heard).toEqual([1]));
      await all
        .pool()
        .query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'");
      await insist(one, "news", "b");
      await vi.waitFor(() => expect(heard).toEqual([1, 2]), 15_000);
      await all.server.stop("SIGKILL");
      await expect(two.append("news", entry)).rejects.toMatchObject({ code: "overloaded" });
      await all.server.start();
      await insist(two, "news", "c");
      // Volatile entries come over the connection for LISTEN alone.
      await vi.waitFor(
        async () => {
          await one.spread("news", entry);
          expect(heard).toContain(0);
        },
        { timeout: 20_000, interval: 200 },
      );
      await two.close();
      await sql.end({ timeout: 1 });
    });

    it("closes in time while the server is frozen", async () => {
      const plane = all.backplane({ timeout: 2_000 });
      await plane.listen("news", () => {});
      all.server.freeze();
      try {
        const begin = performance.now();
        await plane.close();
        expect(performance.now() - begin).toBeLessThan(10_000);
      } finally {
        all.server.thaw();
      }
    });

    it("hears what it missed when its connection for LISTEN is ended, and reports that", async () => {
      const prefix = freshPrefix();
      const errors: unknown[] = [];
      const [one, two] = [
        all.backplane({ prefix }),
        all.backplane({ prefix, onError: (error) => errors.push(error) }),
      ];
      const heard = await offsetsOf(two, "news");
      await one.append("news", entry);
      await vi.waitFor(() => expect(heard).toEqual([1]));
      const sql = all.pool();
      for (const round of [1, 2, 3]) {
        await sql.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen ${prefix}%'`,
        );
        await one.append("news", entry);
        await vi.waitFor(() => expect(heard).toHaveLength(round + 1), 15_000);
      }
      expect(heard).toEqual([1, 2, 3, 4]);
      expect(errors[0]).toMatchObject({ code: "overloaded" });
    });

    it("finds out that its connection for LISTEN is dead when nothing says so", async () => {
      const proxy = await startFaultProxy({ target: all.server.port, random: seededRandom(freshSeed()) });
      const pool = all.pool();
      // Queries go to the server; the connection for LISTEN goes through the proxy.
      const split = {
        options: { connectionString: all.server.url({ port: proxy.port }) },
        Client: pg.Client,
        connect: () => pool.connect(),
        on: () => {},
        off: () => {},
      };
      const errors: unknown[] = [];
      const prefix = freshPrefix();
      const plane = postgresBackplane(split, {
        prefix,
        timeout: 2_000,
        onError: (error) => errors.push(error),
      });
      const heard = await offsetsOf(plane, "news");
      proxy.freeze();
      await vi.waitFor(() => expect(errors).toHaveLength(1), 15_000);
      proxy.heal();
      await plane.spread("news", entry);
      await vi.waitFor(() => {
        plane.spread("news", entry).catch(() => {});
        expect(heard.length).toBeGreaterThan(0);
      }, 15_000);
      await plane.close();
      await proxy.close();
    });

    it("keeps order, epoch and count while its connections are cut again and again", async () => {
      const seed = freshSeed();
      const random = seededRandom(seed);
      const proxy = await startFaultProxy({ target: all.server.port, random });
      const prefix = freshPrefix();
      const pool = all.pool({ connectionString: all.server.url({ port: proxy.port }) });
      const [one, two] = [
        all.backplane({ prefix, timeout: 3_000 }, pool),
        all.backplane({ prefix, timeout: 3_000 }, pool),
      ];
      const heard: Entry[] = [];
      await two.listen("news", (_, delivered) => heard.push(delivered));
      const appends = Promise.all(
        Array.from({ length: 200 }, (_, n) => insist(n % 2 ? one : two, "news", `i${n}`)),
      );
      for (let cut = 0; cut < 10; cut += 1) {
        await new Promise((resolve) => setTimeout(resolve, random.int(60)));
        proxy.cutAll(random.chance(0.5) ? "reset" : "cut");
      }
      const offsets = await appends;
      expect(new Set(offsets).size, `seed ${seed}`).toBe(200);
      expect((await one.read("news", undefined, 0)).head.offset, `seed ${seed}`).toBe(200);
      await vi.waitFor(() => expect(heard).toHaveLength(200), 15_000);
      expect(
        heard.map(({ offset }) => offset),
        `seed ${seed}`,
      ).toEqual(Array.from(heard, (_, n) => n + 1));
      await proxy.close();
    });

    it("begins new epochs when the server was failed over, and keeps them where that is trusted", async () => {
      const [lossy, safe] = [all.backplane(), all.backplane({ trusted: true })];
      const [lost, kept] = [
        await lossy.append("news", { ...entry, id: "a" }),
        await safe.append("news", { ...entry, id: "a" }),
      ];
      await all.server.stop("SIGINT");
      writeFileSync(join(all.server.folder, "standby.signal"), "");
      await all.server.start();
      // A replica answers reads and refuses the rest.
      await expect(lossy.append("news", entry)).rejects.toMatchObject({
        code: "overloaded",
        message: "the database is read-only, as a replica is",
      });
      await all.pool().query("select pg_promote()");
      await insist(lossy, "news", "b");
      const { head } = await lossy.read("news", undefined, 0);
      expect(head.epoch).not.toBe(lost.epoch);
      expect(await lossy.read("news", lost, 10)).toMatchObject({ ok: false, reason: "epoch" });
      expect(await safe.append("news", { ...entry, id: "a" })).toEqual(kept);
    });

    it("begins new epochs when its tables were emptied or dropped, without a restart", async () => {
      const plane = all.backplane({ schema: "emptied", prefix: "x" });
      const first = await plane.append("news", entry);
      await all.pool().query("truncate emptied.x_topics");
      expect((await plane.append("news", entry)).epoch).not.toBe(first.epoch);
      expect(await plane.read("news", first, 10)).toMatchObject({ ok: false, reason: "epoch" });
      const second = await plane.append("news", entry);
      await all.pool().query("drop schema emptied cascade");
      await expect(plane.append("news", entry)).rejects.toMatchObject({ code: "overloaded" });
      const third = await plane.append("news", entry);
      expect(third).toMatchObject({ offset: 1 });
      expect(third.epoch).not.toBe(second.epoch);
    });

    it("answers evicted where only the entries were emptied", async () => {
      const prefix = freshPrefix();
      const plane = all.backplane({ prefix });
      const first = await plane.append("news", entry);
      await all.pool().query(`truncate ${prefix}_entries`);
      expect(await plane.read("news", { ...first, offset: 0 }, 10)).toEqual({
        ok: false,
        head: first,
        reason: "evicted",
      });
      expect(await plane.append("news", entry)).toEqual({ ...first, offset: 2 });
    });

    it("begins new epochs when the operator says that data was restored", async () => {
      const prefix = freshPrefix();
      const plane = all.backplane({ prefix });
      const first = await plane.append("news", entry);
      await all.pool().query(`select ${prefix}_renumber()`);
      expect((await plane.read("news", undefined, 0)).head).toMatchObject({ offset: 0 });
      expect((await plane.append("news", entry)).epoch).not.toBe(first.epoch);
    });
  },
);
