/** PostgreSQL over the network: a pool. */
import pg from "pg";
import type { Database, Sql } from "./sql.ts";

/** Opens a pool. Rejects when the server cannot be reached. */
export async function openPostgres(url: string): Promise<Database> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  // A connection that is lost while idle is replaced by the pool; without a listener it would end
  // the process.
  pool.on("error", () => {});
  try {
    await pool.query("select 1");
  } catch (error) {
    await pool.end();
    throw error;
  }
  return {
    ...sqlOf(pool),
    async transaction(work) {
      const client = await pool.connect();
      try {
        await client.query("begin");
        const result = await work(sqlOf(client));
        await client.query("commit");
        client.release();
        return result;
      } catch (error) {
        const rolledBack = await client.query("rollback").then(
          () => true,
          () => false,
        );
        client.release(!rolledBack);
        throw error;
      }
    },
    forHub: pool,
    close: () => pool.end(),
  };
}

function sqlOf(client: pg.Pool | pg.PoolClient): Sql {
  return {
    async query<Row>(text: string, parameters: readonly unknown[] = []) {
      return (await client.query(text, [...parameters])).rows as Row[];
    },
    async script(text) {
      await client.query(text);
    },
  };
}
