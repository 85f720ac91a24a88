import { postgresBackplane, postgresPublisher } from "@bellwire/backplane-postgres";
import { conflated, defineTopics, type, volatile } from "@bellwire/core";
import type { Entry } from "@bellwire/core/server";
import { PGlite } from "@electric-sql/pglite";
import pg from "pg";
import postgres from "postgres";
import { afterAll, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { databases } from "./databases.ts";
import { announce } from "./postgres-server.ts";
import { freshPrefix } from "./store.ts";

const topics = defineTopics({
  "orders.{id}": {
    placed: z.object({ total: z.number() }),
    progress: conflated(type<{ percent: number }>()),
    typing: volatile(type<{ who: string }>()),
  },
});

describe.runIf(announce("publishing in transactions of PostgreSQL"))("publishIn", () => {
  const all = databases();
  const prefix = freshPrefix();
  const { publishIn, positionIn } = postgresPublisher({ topics, prefix });
  const clients: pg.Client[] = [];
  afterAll(() => Promise.all(clients.map((client) => client.end())));

  async function client(): Promise<pg.Client> {
    const made = new pg.Client({ connectionString: all.server.url() });
    clients.push(made);
    await made.connect();
    return made;
  }

  /** A listener of one topic, and the backplane that it uses. */
  async function listening(
    topic: string,
  ): Promise<{ heard: Entry[]; plane: ReturnType<typeof all.backplane> }> {
    const plane = all.backplane({ prefix });
    const heard: Entry[] = [];
    await plane.listen(topic, (_, entry) => heard.push(entry));
    return { heard, plane };
  }

  it("delivers nothing of a transaction that is rolled back, and everything once of one that commits", async () => {
    const { heard, plane } = await listening("orders.1");
    const transaction = await client();
    await transaction.query("begin");
    await publishIn(transaction, "orders.1", "placed", { total: 1 });
    await transaction.query("rollback");
    await transaction.query("begin");
    const position = await publishIn(transaction, "orders.1", "placed", { total: 2 }, { id: "a" });
    const { head } = await plane.read("orders.1", undefined, 0);
    expect(head).toEqual({ ...position, offset: 0 });
    await transaction.query("commit");
    await publishIn(transaction, "orders.1", "placed", { total: 3 });
    await vi.waitFor(() => expect(heard.map(({ json }) => json)).toEqual(['{"total":2}', '{"total":3}']));
    expect(heard.map(({ offset }) => offset)).toEqual([1, 2]);
    expect(heard[0]?.id).toBe("a");
    expect(Math.abs((heard[0]?.time ?? 0) - Date.now())).toBeLessThan(60_000);
  });

  it("publishes an id once, whether it comes in a transaction or through a hub", async () => {
    const { plane } = await listening("orders.2");
    const transaction = await client();
    const first = await publishIn(transaction, "orders.2", "placed", { total: 1 }, { id: "a" });
    expect(await publishIn(transaction, "orders.2", "placed", { total: 1 }, { id: "a" })).toEqual(first);
    expect(await plane.append("orders.2", { event: "placed", json: "{}", time: 1, id: "a" })).toEqual(first);
  });

  it("numbers by commit: a second transaction on a topic waits for the first, other topics do not", async () => {
    const { heard } = await listening("orders.3");
    const [one, two] = [await client(), await client()];
    await one.query("begin");
    await publishIn(one, "orders.3", "placed", { total: 1 });
    let second = false;
    const waiting = publishIn(two, "orders.3", "placed", { total: 2 }).then(() => {
      second = true;
    });
    await publishIn(await client(), "orders.4", "placed", { total: 1 });
    expect(second).toBe(false);
    await one.query("commit");
    await waiting;
    await vi.waitFor(() => expect(heard.map(({ json }) => json)).toEqual(['{"total":1}', '{"total":2}']));
  });

  it("keeps a hub's other topics going while a transaction holds one, and rejects on that one in time", async () => {
    const plane = all.backplane({ prefix, timeout: 2_000 }, all.pool({ max: 2 }));
    const holder = await client();
    await holder.query("begin");
    await publishIn(holder, "orders.5", "placed", { total: 1 });
    const entry = { event: "placed", json: "{}", time: 1 };
    const held = Promise.allSettled([1, 2, 3, 4, 5].map(() => plane.append("orders.5", entry)));
    await plane.append("orders.6", entry);
    for (const result of await held)
      expect(result).toMatchObject({ reason: { code: "overloaded", retryAfter: 1_000 } });
    await holder.query("commit");
    // A rejected append may have been carried out all the same.
    const { offset } = await plane.append("orders.5", entry);
    expect(offset).toBeGreaterThanOrEqual(2);
    expect(offset).toBeLessThanOrEqual(7);
  });

  it("validates against the contract before it touches the transaction", async () => {
    const transaction = await client();
    await transaction.query("begin");
    // @ts-expect-error the topic is not in the contract
    await expect(publishIn(transaction, "bills.1", "placed", {})).rejects.toMatchObject({
      code: "unknown_topic",
    });
    // @ts-expect-error the event is not in the contract
    await expect(publishIn(transaction, "orders.1", "paid", {})).rejects.toMatchObject({
      code: "unknown_event",
    });
    // @ts-expect-error the data does not fit
    await expect(publishIn(transaction, "orders.1", "placed", { total: "1" })).rejects.toMatchObject({
      code: "invalid_data",
    });
    const big = publishIn(transaction, "orders.1", "typing", { who: "x".repeat(70_000) });
    await expect(big).rejects.toMatchObject({ code: "too_large" });
    const id = publishIn(transaction, "orders.1", "placed", { total: 1 }, { id: "a b" });
    await expect(id).rejects.toMatchObject({ code: "invalid_option" });
    await transaction.query("select 1");
    await transaction.query("commit");
  });

  it("sends a volatile event when the transaction commits, and never when it is rolled back", async () => {
    const { heard } = await listening("orders.7");
    const transaction = await client();
    for (const end of ["rollback", "commit"]) {
      await transaction.query("begin");
      expect(await publishIn(transaction, "orders.7", "typing", { who: end })).toBeNull();
      await transaction.query(end);
    }
    await vi.waitFor(() => expect(heard.map(({ json }) => json)).toEqual(['{"who":"commit"}']));
    expect(heard[0]?.offset).toBe(0);
  });

  it("gives the position that belongs to the rows of a REPEATABLE READ transaction", async () => {
    const [reader, writer] = [await client(), await client()];
    const first = await publishIn(writer, "orders.8", "placed", { total: 1 });
    await reader.query("begin isolation level repeatable read");
    expect(await positionIn(reader, "orders.8")).toEqual(first);
    await publishIn(writer, "orders.8", "placed", { total: 2 });
    expect(await positionIn(reader, "orders.8")).toEqual(first);
    await reader.query("commit");
    expect(await positionIn(reader, "orders.8")).toEqual({ ...first, offset: 2 });
    expect((await positionIn(reader, "orders.9")).offset).toBe(0);
  });

  it("publishes from a trigger, in the order of the commits", async () => {
    const { heard } = await listening("orders.10");
    const sql = all.pool();
    await sql.query(`
      create table bills (id text, total numeric);
      create function bills_changed() returns trigger language plpgsql as $$ begin
        perform ${prefix}_publish('orders.' || new.id, 'placed', json_build_object('total', new.total));
        return new;
      end $$;
      create trigger bills_changed after insert on bills for each row execute function bills_changed()`);
    await sql.query("insert into bills values ('10', 1.50), ('10', 2), ('11', 3)");
    await vi.waitFor(() =>
      expect(heard.map(({ json }) => json)).toEqual(['{"total" : 1.50}', '{"total" : 2}']),
    );
  });

  it("refuses in SQL what no hub could deliver, by an error that names it", async () => {
    const sql = all.pool();
    const refused = [
      ["a b", "placed", "{}", null],
      ["x".repeat(165), "placed", "{}", null],
      ["orders.1", "pusher:x", "{}", null],
      ["orders.1", "", "{}", null],
      ["orders.1", "a\u0001", "{}", null],
      ["orders.1", "placed", null, null],
      ["orders.1", "placed", "{}", "a b"],
      ["orders.1", "placed", `"${"x".repeat(1_048_576)}"`, null],
    ];
    for (const params of refused)
      await expect(sql.query(`select ${prefix}_publish($1, $2, $3, $4)`, params)).rejects.toThrow(
        /^bellwire: the |^bellwire: topic,/,
      );
  });

  it("publishes through query builders, by an object with query", async () => {
    const { heard } = await listening("orders.13");
    const transaction = await client();
    // As with Prisma, which gives the rows as an array.
    const rows = {
      query: async (text: string, params: unknown[] = []) => (await transaction.query(text, params)).rows,
    };
    await publishIn(rows, "orders.13", "placed", { total: 1 });
    // As with Drizzle, whose statements are pieces of SQL between values.
    const pieces = {
      query(text: string, params: unknown[] = []) {
        const [first = "", ...others] = text.split(/\$(\d+)/);
        const values: unknown[] = [];
        const joined = others.map((part, n) =>
          n % 2 === 0 ? `$${values.push(params[Number(part) - 1])}` : part,
        );
        return transaction.query([first, ...joined].join(""), values);
      },
    };
    await publishIn(pieces, "orders.13", "placed", { total: 2 }, { id: "a" });
    expect(await positionIn(pieces, "orders.13")).toMatchObject({ offset: 2 });
    await vi.waitFor(() => expect(heard.map(({ json }) => json)).toEqual(['{"total":1}', '{"total":2}']));
    // @ts-expect-error not a client
    await expect(positionIn({}, "orders.13")).rejects.toMatchObject({ code: "invalid_option" });
  });

  it("needs the right to select, insert and update alone", async () => {
    const sql = all.pool();
    await sql.query(`create role publisher login; grant select, insert, update on
      ${prefix}_layout, ${prefix}_topics, ${prefix}_entries, ${prefix}_ids to publisher`);
    const guest = all.pool({ connectionString: all.server.url({ user: "publisher" }) });
    expect(await publishIn(guest, "orders.14", "placed", { total: 1 }, { id: "a" })).toMatchObject({
      offset: 1,
    });
  });

  it("publishes on the transaction of Postgres.js", async () => {
    const { heard } = await listening("orders.12");
    const sql = postgres(all.server.url(), { max: 1 });
    await sql.begin((transaction) => publishIn(transaction, "orders.12", "placed", { total: 1 }));
    await expect(
      sql.begin(async (transaction) => {
        await publishIn(transaction, "orders.12", "placed", { total: 2 });
        throw new Error("changed my mind");
      }),
    ).rejects.toThrow("changed my mind");
    await sql.begin((transaction) => publishIn(transaction, "orders.12", "placed", { total: 3 }));
    await vi.waitFor(() => expect(heard.map(({ json }) => json)).toEqual(['{"total":1}', '{"total":3}']));
    await sql.end();
  });
});

describe("publishIn on PGlite", () => {
  it("delivers what a transaction has published when it commits", async () => {
    const database = await PGlite.create();
    const plane = postgresBackplane(database);
    const { publishIn } = postgresPublisher({ topics });
    const heard: Entry[] = [];
    await plane.listen("orders.1", (_, entry) => heard.push(entry));
    await database.transaction(async (transaction) => {
      await publishIn(transaction, "orders.1", "placed", { total: 1 });
      await transaction.rollback();
    });
    await database.transaction((transaction) => publishIn(transaction, "orders.1", "placed", { total: 2 }));
    await vi.waitFor(() => expect(heard.map(({ json }) => json)).toEqual(['{"total":2}']));
    await plane.close();
    await database.close();
  }, 60_000);
});
