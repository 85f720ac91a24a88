/** PostgreSQL inside this process. */
import { PGlite, type Transaction } from "@electric-sql/pglite";
import { lockFolder } from "./folder-lock.ts";
import type { Database, Sql } from "./sql.ts";

/**
 * Opens PGlite on a folder, or in memory without one. Rejects when another process has the folder
 * open.
 */
export async function openPglite(folder: string | undefined): Promise<Database> {
  const unlock = folder === undefined ? undefined : await lockFolder(folder);
  const lite = await PGlite.create(folder).catch(async (error: unknown) => {
    await unlock?.();
    throw error;
  });
  const underWay = new Set<Promise<unknown>>();
  let closed = false;

  /**
   * Closing in the middle of a statement would break off the engine: what is under way is waited
   * for, and nothing begins after.
   */
  function run<T>(work: () => Promise<T>): Promise<T> {
    if (closed) return Promise.reject(new Error("the database is closed"));
    const result = work();
    const forget = (): void => void underWay.delete(ended);
    const ended: Promise<void> = result.then(forget, forget);
    underWay.add(ended);
    return result;
  }

  const sql = sqlOf(lite);
  const query = <Row>(text: string, parameters?: readonly unknown[]): Promise<Row[]> =>
    run(() => sql.query<Row>(text, parameters));
  return {
    query,
    script: (text) => run(() => sql.script(text)),
    transaction: (work) => run(() => lite.transaction((transaction) => work(sqlOf(transaction)))),
    forHub: {
      query,
      // There is no connection that could be lost.
      listen: (channel: string, heard: (payload: string) => void) =>
        run(async () => {
          const stop = await lite.listen(channel, heard);
          return () => run(() => stop());
        }),
    },
    async close() {
      if (closed) return;
      closed = true;
      await Promise.all(underWay);
      await lite.close();
      await unlock?.();
    },
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
