/** One server for a test file, with pools and backplanes that are closed after it. */
import {
  type PostgresBackplane,
  type PostgresBackplaneOptions,
  postgresBackplane,
} from "@bellwire/backplane-postgres";
import pg from "pg";
import { afterAll, beforeAll } from "vitest";
import { PostgresServer, type ServerSettings } from "./postgres-server.ts";
import { freshPrefix } from "./store.ts";

export class Databases {
  #server: PostgresServer | undefined;
  readonly #ends: (() => Promise<unknown>)[] = [];

  get server(): PostgresServer {
    if (!this.#server) throw new Error("the server has not been started");
    return this.#server;
  }

  async start(settings?: ServerSettings): Promise<void> {
    this.#server = await PostgresServer.start(settings);
  }

  pool(config: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({ connectionString: this.server.url(), max: 5, ...config });
    pool.on("error", () => {});
    this.#ends.push(() => pool.end());
    return pool;
  }

  /** A backplane on a pool of its own; by default with a prefix of its own. */
  backplane(options: PostgresBackplaneOptions = {}, pool: pg.Pool = this.pool()): PostgresBackplane {
    const plane = postgresBackplane(pool, { prefix: freshPrefix(), onError: () => {}, ...options });
    this.#ends.push(() => plane.close());
    return plane;
  }

  async end(): Promise<void> {
    // In the reverse order: a backplane uses the pool that was made before it.
    for (const end of this.#ends.reverse()) await end();
    await this.#server?.remove();
  }
}

/** Starts a server before the tests of a file and removes everything after them. */
export function databases(settings?: ServerSettings): Databases {
  const all = new Databases();
  beforeAll(() => all.start(settings));
  afterAll(() => all.end());
  return all;
}
