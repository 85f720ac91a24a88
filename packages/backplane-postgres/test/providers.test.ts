/** The providers of a configuration: what they open is theirs, and is closed by them. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pgliteFrom, postgresFrom } from "@bellwire/backplane-postgres";
import { OPTION_SECRET } from "@bellwire/core/conformance";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lockFolder } from "../src/folder-lock.ts";
import { announce, PostgresServer } from "./postgres-server.ts";

const entry = { event: "said", json: "{}", time: 1 };
const home = mkdtempSync(join(tmpdir(), "bellwire-pglite-"));
afterAll(() => rmSync(home, { recursive: true, force: true, maxRetries: 10 }));

// PGlite takes seconds to compile on a busy machine.
describe("pgliteFrom", { timeout: 60_000 }, () => {
  it("keeps every position and notification across a restart", async () => {
    const directory = join(home, "kept", "data");
    const before = await pgliteFrom({ directory });
    const position = await before.append("news", { ...entry, id: "a" });
    await before.append("news", entry);
    await before.close();
    const after = await pgliteFrom({ directory });
    expect(await after.read("news", position, 10)).toMatchObject({
      ok: true,
      head: { ...position, offset: 2 },
    });
    expect(await after.append("news", { ...entry, id: "a" })).toEqual(position);
    expect(await after.append("news", entry)).toEqual({ ...position, offset: 3 });
    await after.close();
  });

  it("refuses a folder that is open already, and takes it once that was closed", async () => {
    const directory = join(home, "shared");
    const first = await pgliteFrom({ directory });
    await expect(pgliteFrom({ directory })).rejects.toMatchObject({
      code: "invalid_option",
      message: "pgliteFrom.directory: must be one that no other process uses",
    });
    await first.close();
    await (await pgliteFrom({ directory })).close();
  });

  it("keeps what was acknowledged before its process was killed", async () => {
    const directory = join(home, "killed");
    const script = `import { pgliteFrom } from "@bellwire/backplane-postgres";
      const plane = await pgliteFrom({ directory: ${JSON.stringify(directory)} });
      for (;;) {
        const { epoch, offset } = await plane.append("news", ${JSON.stringify(entry)});
        console.log(epoch + " " + offset);
      }`;
    const child = spawn(
      process.execPath,
      ["--import", "tsx/esm", "-C", "@bellwire/source", "--input-type=module", "-e", script],
      { cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"] },
    );
    let last = "";
    for await (const line of createInterface({ input: child.stdout })) {
      last = line;
      if (line.endsWith(" 20")) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    const [epoch = "", offset] = last.split(" ");
    const plane = await pgliteFrom({ directory });
    const history = await plane.read("news", { epoch, offset: 0 }, 1_000);
    expect(history).toMatchObject({ ok: true, head: { epoch } });
    expect(history.head.offset).toBeGreaterThanOrEqual(Number(offset));
    await plane.close();
  });
});

describe("lockFolder", () => {
  it("lets one of many callers in at a time", async () => {
    const folder = join(home, "contested");
    for (let round = 0; round < 5; round += 1) {
      const unlocks = await Promise.all(Array.from({ length: 8 }, () => lockFolder(folder)));
      const owners = unlocks.filter((unlock) => unlock !== undefined);
      expect(owners).toHaveLength(1);
      await owners[0]?.();
    }
  });

  it("takes a folder over from a dead process, once, however many try", async () => {
    const folder = join(home, "left");
    const own = await lockFolder(folder);
    await own?.();
    for (const owner of [
      { pid: 2 ** 30, host: hostname(), born: "1" },
      // A process that has the id of the dead one.
      { pid: process.pid, host: hostname(), born: "1" },
    ]) {
      await writeFile(`${folder}.lock`, JSON.stringify(owner));
      const unlocks = await Promise.all(Array.from({ length: 8 }, () => lockFolder(folder)));
      expect(unlocks.filter((unlock) => unlock !== undefined)).toHaveLength(1);
      for (const unlock of unlocks) await unlock?.();
    }
  });

  it("takes a folder over from another machine when that has given no sign of life for a while", async () => {
    const folder = join(home, "elsewhere");
    await (await lockFolder(folder))?.();
    await writeFile(`${folder}.lock`, JSON.stringify({ pid: 1, host: "elsewhere", born: "1" }));
    expect(await lockFolder(folder)).toBeUndefined();
    const before = new Date(Date.now() - 60_000);
    await utimes(`${folder}.lock`, before, before);
    const unlock = await lockFolder(folder);
    expect(unlock).toBeDefined();
    await unlock?.();
  });
});

describe.runIf(announce("the provider postgres"))("postgresFrom", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await PostgresServer.start({ auth: "scram-sha-256", password: OPTION_SECRET });
  });
  afterAll(() => server.remove());

  it("opens a backplane by a URL and closes its connections", async () => {
    const plane = await postgresFrom({ url: server.url(), prefix: "opened", onError: () => {} });
    expect((await plane.append("news", entry)).offset).toBe(1);
    await plane.listen("news", () => {});
    await plane.close();
    await plane.close();
    const client = new pg.Client({ connectionString: server.url() });
    await client.connect();
    const left = "select count(*)::int as n from pg_stat_activity where application_name = 'bellwire'";
    await expect.poll(async () => (await client.query(left)).rows[0]).toEqual({ n: 0 });
    await client.end();
  });

  it("names what is wrong with the URL, and never a part of it", async () => {
    const message = "postgresFrom.url: must have a user and a password that the server accepts";
    for (const credentials of ["postgres@", `postgres:x${OPTION_SECRET}@`, `nobody:${OPTION_SECRET}@`]) {
      const url = server.url().replace(`postgres:${OPTION_SECRET}@`, credentials);
      await expect(postgresFrom({ url })).rejects.toMatchObject({ code: "invalid_option", message });
    }
    const elsewhere = postgresFrom({ url: server.url().replace(/postgres$/, "elsewhere") });
    await expect(elsewhere).rejects.toMatchObject({
      message: "postgresFrom.url: must name a database that exists",
    });
  });

  it("rejects with overloaded where nothing listens, or waits for it", async () => {
    const url = server.url();
    await server.stop();
    const absent = postgresFrom({ url, prefix: "absent" });
    await expect(absent).rejects.toMatchObject({
      code: "overloaded",
      message: "the database cannot be reached",
    });
    const errors: unknown[] = [];
    const plane = await postgresFrom({
      url,
      prefix: "absent",
      absent: "wait",
      onError: (error) => errors.push(error),
    });
    const early = plane.append("news", entry);
    await expect.poll(() => errors).toMatchObject([{ code: "overloaded" }]);
    await server.start();
    expect((await early).offset).toBe(1);
    await plane.ready();
    await plane.close();
  });
});
