/** A publishing process is killed at every boundary between statements: no phantom, no loss. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Entry } from "@bellwire/core/server";
import { describe, expect, it, vi } from "vitest";
import { databases } from "./databases.ts";
import { announce } from "./postgres-server.ts";
import { freshPrefix } from "./store.ts";

/** The statements of a transaction that changes rows and publishes on two topics. */
const STEPS = [
  `await client.query("begin")`,
  `await client.query("insert into orders values ($1)", [n])`,
  `await publishIn(client, "orders.a", "placed", { n })`,
  `await client.query("update stock set held = held + 1")`,
  `await publishIn(client, "orders.b", "placed", { n }, { id: "n" + n })`,
  `await client.query("commit")`,
];

/** Runs a program of TypeScript's source in a process of its own. */
function run(program: string): ChildProcess {
  return spawn(
    process.execPath,
    ["--import", "tsx/esm", "-C", "@bellwire/source", "--input-type=module", "-e", program],
    { cwd: import.meta.dirname, stdio: ["pipe", "pipe", "inherit"] },
  );
}

async function killed(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

describe.runIf(announce("crashes of a publishing process"))(
  "a process that is killed while it publishes",
  () => {
    const all = databases({ durable: true });

    it("in a transaction, after any of its statements, has published all of it or nothing", async () => {
      const prefix = freshPrefix();
      const plane = all.backplane({ prefix });
      const heard: Record<string, Entry[]> = { "orders.a": [], "orders.b": [] };
      for (const [topic, entries] of Object.entries(heard))
        await plane.listen(topic, (_, entry) => entries.push(entry));
      const sql = all.pool();
      await sql.query(
        "create table orders (n int); create table stock (held int); insert into stock values (0)",
      );
      const program = `
      import pg from "pg";
      import { createInterface } from "node:readline";
      import { postgresPublisher } from "@bellwire/backplane-postgres";
      import { defineTopics, type } from "@bellwire/core";
      const topics = defineTopics({ "orders.{shop}": { placed: type() } });
      const { publishIn } = postgresPublisher({ topics, prefix: ${JSON.stringify(prefix)} });
      const client = new pg.Client(${JSON.stringify(all.server.url())});
      client.on("error", () => {});
      await client.connect();
      const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
      const next = async () => Number((await lines.next()).value);
      console.log("ready");
      const n = await next();
      ${STEPS.map((step, k) => `${step}; console.log("done ${k}"); await next();`).join("\n")}
      await client.end();
      process.exit();`;
      const committed: number[] = [];
      // One process for each statement, killed after it; and one that is killed without any.
      await Promise.all(
        [-1, ...STEPS.keys()].map(async (last, n) => {
          const child = run(program);
          const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[
            Symbol.asyncIterator
          ]();
          await lines.next();
          // The transactions run one after another, since they lock the same rows.
          await (turn = turn.then(async () => {
            for (let k = 0; k <= last; k += 1) {
              child.stdin?.write(`${n}\n`);
              await lines.next();
            }
            await killed(child);
          }));
          if (last === STEPS.length - 1) committed.push(n);
        }),
      );
      await vi.waitFor(
        async () =>
          expect(
            (await sql.query("select count(*)::int as n from pg_stat_activity where state like 'idle in%'"))
              .rows,
          ).toEqual([{ n: 0 }]),
        10_000,
      );
      // A delivery that must not be would come before these.
      for (const topic of Object.keys(heard))
        await plane.append(topic, { event: "placed", json: "{}", time: 1 });
      const rows = (await sql.query("select n from orders order by n")).rows.map(({ n }: { n: number }) => n);
      expect(rows).toEqual(committed);
      expect((await sql.query("select held from stock")).rows).toEqual([{ held: committed.length }]);
      const expected = [...committed.map((n) => `{"n":${n}}`), "{}"];
      for (const [topic, entries] of Object.entries(heard)) {
        await vi.waitFor(() => expect(entries).toHaveLength(expected.length));
        expect(entries.map(({ json }) => json)).toEqual(expected);
        const { head } = await plane.read(topic, undefined, 0);
        expect(await plane.read(topic, { ...head, offset: 0 }, 100)).toMatchObject({ ok: true, entries });
      }
    }, 60_000);

    it("through a hub's backplane, at any moment, has published what was acknowledged, and each once", async () => {
      const prefix = freshPrefix();
      const plane = all.backplane({ prefix });
      const heard: Entry[] = [];
      await plane.listen("news", (_, entry) => heard.push(entry));
      const acknowledged = new Set<string>();
      for (const round of [1, 2]) {
        const child = run(`
        import { postgresFrom } from "@bellwire/backplane-postgres";
        const plane = await postgresFrom({ url: ${JSON.stringify(all.server.url())}, prefix: ${JSON.stringify(prefix)} });
        await Promise.all([1, 2, 3, 4].map(async (writer) => {
          for (let n = 0; ; n += 1) {
            const id = ${round} + "." + writer + "." + n;
            await plane.append("news", { event: "said", json: JSON.stringify(id), time: 1, id });
            console.log(id);
          }
        }));`);
        const until = 100 + Math.floor(Math.random() * 200);
        for await (const id of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
          acknowledged.add(id);
          if (acknowledged.size >= round * until) child.kill("SIGKILL");
        }
        await killed(child);
      }
      const { head } = await plane.read("news", undefined, 0);
      // The last hint died with its process: a poll finds the entries.
      await vi.waitFor(() => expect(heard).toHaveLength(head.offset), 15_000);
      const ids = heard.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      for (const id of acknowledged) expect(ids).toContain(id);
    }, 60_000);
  },
);

let turn: Promise<void> = Promise.resolve();
