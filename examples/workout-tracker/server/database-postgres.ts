/** PostgreSQL over the network: a pool for queries, and one connection that listens. */
import pg from "pg";
import type { Database, Sql } from "./sql.ts";

/** Milliseconds between two attempts to listen again. */
const AGAIN = 1_000;

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
    listen: (channel, heard, resumed) => listen(url, channel, heard, resumed),
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

async function listen(
  url: string,
  channel: string,
  heard: (payload: string) => void,
  resumed: () => void,
): Promise<() => Promise<void>> {
  let stopped = false;
  let current: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => {});
    client.on("notification", ({ payload }) => heard(payload ?? ""));
    try {
      await client.connect();
      await client.query(`listen ${client.escapeIdentifier(channel)}`);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    if (stopped) return client.end();
    client.once("end", lost);
    current = client;
  }

  function lost(): void {
    current = undefined;
    if (!stopped) timer = setTimeout(() => void connect().then(resumed, lost), AGAIN);
  }

  await connect();
  return async () => {
    stopped = true;
    clearTimeout(timer);
    await current?.end();
  };
}
