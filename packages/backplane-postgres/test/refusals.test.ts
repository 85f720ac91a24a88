/** Databases that cannot be used: each is refused by one clear error, and taken once it can be. */
import { type PostgresBackplane, postgresBackplane } from "@bellwire/backplane-postgres";
import type pg from "pg";
import { describe, expect, it, vi } from "vitest";
import { databases } from "./databases.ts";
import { announce } from "./postgres-server.ts";
import { freshPrefix } from "./store.ts";

const entry = { event: "said", json: "{}", time: 1 };

describe.runIf(announce("databases that cannot be used"))("a database that cannot be used", () => {
  const all = databases();

  /** Fails unless `ready` rejects so, and every call with `overloaded` and the same reason. */
  async function refuses(plane: PostgresBackplane, code: string, message: string): Promise<void> {
    await expect(plane.ready()).rejects.toMatchObject({ code, message });
    for (const call of [
      () => plane.append("news", entry),
      () => plane.spread("news", entry),
      () => plane.read("news", undefined, 0),
      () => plane.listen("news", () => {}),
    ])
      await expect(call()).rejects.toMatchObject({ code: "overloaded", message, retryAfter: 1_000 });
  }

  /** A pool of another user or database. */
  function poolOf(who: { readonly user?: string; readonly database?: string }): pg.Pool {
    return all.pool({ connectionString: all.server.url(who) });
  }

  it("is refused where the database does not exist", async () => {
    const plane = all.backplane({}, poolOf({ database: "elsewhere" }));
    await refuses(plane, "invalid_option", "postgresBackplane.database: must name a database that exists");
    await all.pool().query("create database elsewhere");
    expect((await plane.append("news", entry)).offset).toBe(1);
  });

  it("is refused where the user does not exist, may not create tables, or may not use them", async () => {
    const sql = all.pool();
    const plane = all.backplane({}, poolOf({ user: "guest" }));
    await refuses(
      plane,
      "invalid_option",
      "postgresBackplane.database: must have a user and a password that the server accepts",
    );
    await sql.query("create role guest login");
    await refuses(
      plane,
      "invalid_option",
      "postgresBackplane.database: must have a user that may use the tables, or create them in the schema",
    );
    await sql.query("grant create on schema public to guest");
    expect((await plane.append("news", entry)).offset).toBe(1);
  });

  it("works for a user who may use the tables that another has made, and create none", async () => {
    const sql = all.pool();
    const prefix = freshPrefix();
    await all.backplane({ prefix }).ready();
    await sql.query(`create role app login; grant select, insert, update, delete on
      ${prefix}_layout, ${prefix}_topics, ${prefix}_entries, ${prefix}_ids to app`);
    const plane = all.backplane({ prefix }, poolOf({ user: "app" }));
    expect((await plane.append("news", { ...entry, id: "a" })).offset).toBe(1);
    await plane.evict();
  });

  it("is refused where it has no connection left", async () => {
    await all
      .pool()
      .query("create role busy login connection limit 0; grant create on schema public to busy");
    const plane = all.backplane({}, poolOf({ user: "busy" }));
    await refuses(plane, "overloaded", "the database has too many connections");
    await all.pool().query("alter role busy connection limit 10");
    expect((await plane.append("news", entry)).offset).toBe(1);
  });

  it("is refused where a newer version of the package has changed the layout", async () => {
    const prefix = freshPrefix();
    await all.backplane({ prefix }).ready();
    await all.pool().query(`update ${prefix}_layout set version = 99`);
    await refuses(
      all.backplane({ prefix }),
      "invalid_option",
      "postgresBackplane.database: must have a layout of at most 3; a newer version of this package has upgraded it",
    );
  });

  it("is refused where a table of another program has our name, and leaves that as it is", async () => {
    const prefix = freshPrefix();
    const sql = all.pool();
    await sql.query(`create table ${prefix}_layout (page text); insert into ${prefix}_layout values ('x')`);
    await refuses(
      all.backplane({ prefix }),
      "invalid_option",
      "postgresBackplane.prefix: must be one that no tables of others have",
    );
    const other = freshPrefix();
    await sql.query(`create table ${other}_topics (page text)`);
    await refuses(
      all.backplane({ prefix: other }),
      "invalid_option",
      "postgresBackplane.prefix: must be one that no tables of others have",
    );
    expect((await sql.query(`select * from ${prefix}_layout`)).rows).toEqual([{ page: "x" }]);
  });

  it("is refused where it is older than PostgreSQL 13", async () => {
    const old = {
      query: async () => [{ version: 120_022, fsync: "on", present: false }],
      listen: async () => async () => {},
    };
    const plane = postgresBackplane(old, { onError: () => {} });
    await refuses(plane, "invalid_option", "postgresBackplane.database: must be PostgreSQL 13 or later");
  });

  it("is refused for listening where a pooler swallows what NOTIFY sends", async () => {
    const sql = all.pool();
    const pooled = {
      query: (text: string, params: never[] = []) => sql.query(text, params),
      listen: async () => async () => {},
    };
    const plane = postgresBackplane(pooled, { prefix: freshPrefix(), timeout: 2_000, onError: () => {} });
    await expect(plane.listen("news", () => {})).rejects.toMatchObject({ code: "overloaded" });
    expect((await plane.append("news", entry)).offset).toBe(1);
    await plane.close();
  });

  it.each([
    ["53100", "the database's disk is full"],
    ["53200", "the database is out of memory"],
    ["XX001", "the database refused the statement (SQLSTATE XX001)"],
  ])("rejects an append that PostgreSQL refuses with %s, and takes the next one", async (state, message) => {
    const prefix = freshPrefix();
    const sql = all.pool();
    const plane = all.backplane({ prefix });
    await plane.ready();
    await sql.query(`
      create function ${prefix}_fail() returns trigger language plpgsql as
        $$ begin raise exception 'on purpose' using errcode = '${state}'; end $$;
      create trigger fail before insert on ${prefix}_entries for each row execute function ${prefix}_fail()`);
    await expect(plane.append("news", entry)).rejects.toMatchObject({ code: "overloaded", message });
    await sql.query(`drop trigger fail on ${prefix}_entries`);
    expect((await plane.append("news", entry)).offset).toBe(1);
  });

  it("works where transactions are REPEATABLE READ by default", async () => {
    await all.pool().query("create database strict");
    await all.pool().query("alter database strict set default_transaction_isolation to 'repeatable read'");
    const prefix = freshPrefix();
    const planes = [0, 1].map(() => all.backplane({ prefix }, poolOf({ database: "strict" })));
    const offsets = await Promise.all(
      Array.from({ length: 60 }, async (_, n) => (await planes[n % 2]?.append("news", entry))?.offset ?? 0),
    );
    expect(offsets.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, n) => n + 1));
  });

  it("reports that its user may not evict", async () => {
    const prefix = freshPrefix();
    const sql = all.pool();
    await all.backplane({ prefix }).ready();
    await sql.query(`create role keeper login; grant select, insert, update on
      ${prefix}_layout, ${prefix}_topics, ${prefix}_entries, ${prefix}_ids to keeper`);
    const errors: unknown[] = [];
    const plane = all.backplane(
      { prefix, onError: (error) => errors.push(error) },
      poolOf({ user: "keeper" }),
    );
    await plane.ready();
    const reason =
      "postgresBackplane.database: must have a user that may use the tables, or create them in the schema";
    await vi.waitFor(
      () => expect(errors).toContainEqual(expect.objectContaining({ code: "overloaded", message: reason })),
      12_000,
    );
  });

  it("makes its tables once when 8 instances start at the same moment", async () => {
    const prefix = freshPrefix();
    for (const schema of ["public", "apart"]) {
      const planes = Array.from({ length: 8 }, () => all.backplane({ prefix, schema }));
      const positions = await Promise.all(planes.map((plane) => plane.append("news", entry)));
      expect(positions.map(({ offset }) => offset).toSorted((a, b) => a - b)).toEqual([
        1, 2, 3, 4, 5, 6, 7, 8,
      ]);
    }
  });

  it("rejects an entry that PostgreSQL cannot hold, and not those that share its statement", async () => {
    const plane = all.backplane();
    await plane.ready();
    const appends = ["a", "b\0", "c"].map((event) => plane.append("news", { ...entry, event }));
    const [first, second, third] = await Promise.allSettled(appends);
    expect(first).toMatchObject({ value: { offset: 1 } });
    expect(second).toMatchObject({ reason: { code: "invalid_data" } });
    expect(third).toMatchObject({ value: { offset: 2 } });
  });

  it("takes a publisher's name of any length and with any character", async () => {
    const plane = all.backplane();
    for (const publisher of ["user \0", "user \ud800", `user ${"x".repeat(1_000_000)}`]) {
      const first = await plane.append("news", { ...entry, publisher, id: "a" });
      expect(await plane.append("news", { ...entry, publisher, id: "a" })).toEqual(first);
    }
  });
});
