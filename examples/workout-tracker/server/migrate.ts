/** Brings the tables up to date: each file of `migrations` once, in the order of its name. */
import { readdir, readFile } from "node:fs/promises";
import type { Database } from "./sql.ts";

const FOLDER = new URL("migrations/", import.meta.url);
/** Any number, the same in every process: two that start together migrate one after the other. */
const LOCK = 7_240_511;

/**
 * Resolves with the names of the files that were run. One that fails leaves nothing behind, and
 * rejects.
 */
export async function migrate(database: Database): Promise<readonly string[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith(".sql")).sort();
  return database.transaction(async (sql) => {
    await sql.query("select pg_advisory_xact_lock($1)", [LOCK]);
    await sql.script(
      "create table if not exists migrations (name text primary key, at timestamptz not null default now())",
    );
    const known = new Set(
      (await sql.query<{ name: string }>("select name from migrations")).map(({ name }) => name),
    );
    const missing = files.filter((name) => !known.has(name));
    for (const name of missing) {
      await sql.script(await readFile(new URL(name, FOLDER), "utf8"));
      await sql.query("insert into migrations (name) values ($1)", [name]);
    }
    return missing;
  });
}
