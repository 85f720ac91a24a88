/** PostgreSQL inside this process. */
import { mkdir } from "node:fs/promises";
import { PGlite, type Transaction } from "@electric-sql/pglite";
import type { Database, Sql } from "./database.ts";

/** Opens PGlite on a folder, or in memory without one. */
export async function openPglite(folder: string | undefined): Promise<Database> {
  if (folder !== undefined) await mkdir(folder, { recursive: true });
  const lite = await PGlite.create(folder);
  return {
    ...sqlOf(lite),
    transaction: async (work) => lite.transaction((transaction) => work(sqlOf(transaction))),
    async listen(channel, heard) {
      // There is no connection that could be lost.
      const stop = await lite.listen(channel, heard);
      return () => stop();
    },
    close: () => lite.close(),
  };
}

function sqlOf(lite: PGlite | Transaction): Sql {
  return {
    async query<Row>(text: string, parameters: readonly unknown[] = []) {
      return (await lite.query<Row>(text, [...parameters])).rows;
    },
    async script(text) {
      await lite.exec(text);
    },
  };
}
