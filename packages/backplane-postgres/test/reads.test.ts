/** The cost of reads, hints and listeners, counted in statements. */
import { type PostgresBackplane, postgresBackplane } from "@bellwire/backplane-postgres";
import pg from "pg";
import { afterAll, describe, expect, it, vi } from "vitest";
import { databases } from "./databases.ts";
import { announce } from "./postgres-server.ts";
import { freshPrefix } from "./store.ts";

const entry = { event: "said", json: "{}", time: 1 };

describe.runIf(announce("the number of statements on PostgreSQL"))("a backplane on PostgreSQL", () => {
  const all = databases();
  const listeners: pg.Client[] = [];
  afterAll(() => Promise.all(listeners.map((client) => client.end())));

  /** A backplane, and the statements that it has sent. */
  async function counted(
    prefix = freshPrefix(),
  ): Promise<{ plane: PostgresBackplane; statements: string[] }> {
    const pool = all.pool();
    const statements: string[] = [];
    const database = {
      query(text: string, params: never[] = []) {
        statements.push(text);
        return pool.query(text, params);
      },
      async listen(channel: string, heard: (payload: string) => void) {
        const client = new pg.Client({ connectionString: all.server.url() });
        client.on("error", () => {});
        listeners.push(client);
        await client.connect();
        client.on("notification", ({ payload = "" }) => heard(payload));
        await client.query(`listen ${channel}`);
        return async () => void (await client.query(`unlisten ${channel}`));
      },
    };
    const plane = postgresBackplane(database, { prefix, onError: () => {} });
    await plane.ready();
    statements.length = 0;
    return { plane, statements };
  }

  it("compares the heads of 10,000 topics by one statement", async () => {
    const { plane, statements } = await counted();
    const topics = Array.from({ length: 10_000 }, (_, n) => `news.${n}`);
    const heads = (): Promise<unknown> => Promise.all(topics.map((topic) => plane.read(topic, undefined, 0)));
    const made = await heads();
    statements.length = 0;
    expect(await heads()).toEqual(made);
    expect(statements).toHaveLength(1);
    await plane.close();
  });

  it("begins to listen to 1,000 topics by three statements", async () => {
    const { plane, statements } = await counted();
    await plane.listen("news", () => {});
    statements.length = 0;
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => plane.listen(`news.${n}`, () => {})));
    // Read the heads, make the rows that are missing, read again.
    expect(statements).toHaveLength(3);
    await plane.close();
  });

  it("appends to a topic by one statement what comes at the same time", async () => {
    const { plane, statements } = await counted();
    await Promise.all(Array.from({ length: 100 }, () => plane.append("news", entry)));
    expect(statements.filter((text) => text.includes("append_all"))).toHaveLength(1);
    await plane.close();
  });

  it("reads nothing for what it has appended itself, nor for topics that nobody listens to", async () => {
    const prefix = freshPrefix();
    const [{ plane, statements }, other] = [await counted(prefix), await counted(prefix)];
    const heard: number[] = [];
    await plane.listen("news", (_, { offset }) => heard.push(offset));
    statements.length = 0;
    await plane.append("news", entry);
    expect(heard).toEqual([1]);
    await other.plane.append("weather", entry);
    await other.plane.spread("weather", entry);
    await other.plane.append("news", entry);
    await vi.waitFor(() => expect(heard).toEqual([1, 2]));
    const reads = statements.filter((text) => text.includes("json_to_recordset"));
    expect(reads).toHaveLength(1);
    await plane.close();
    await other.plane.close();
  });
});
