/** The engines of the cluster's figures, as its processes open them. */
import { postgresBackplane } from "@bellwire/backplane-postgres";
import { redisBackplane } from "@bellwire/backplane-redis";
import { type Backplane, memoryBackplane } from "@bellwire/core/server";
import { Redis } from "ioredis";
import pg from "pg";

/** An engine that runs. */
export type EngineAddress =
  | { readonly engine: "memory" }
  | { readonly engine: "redis"; readonly port: number }
  | { readonly engine: "postgres"; readonly url: string };

/** A backplane, and the way to end it with its connections. */
export interface OpenEngine {
  readonly backplane: Backplane;
  close(): Promise<void>;
}

/** Connections of a pool, for a hub and for the bare inserts alike. */
const POOL = 10;

/**
 * The client of Redis, for hubs, for bare commands and for Socket.IO's adapter alike. Commands wait
 * while the server is away, rather than fail after a number of attempts.
 */
export function redisClient(port: number, lazyConnect = false): Redis {
  const client = new Redis({ port, host: "127.0.0.1", maxRetriesPerRequest: null, lazyConnect });
  client.on("error", () => {});
  return client;
}

/** The pool of PostgreSQL, as {@link redisClient}. */
export function postgresPool(url: string): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max: POOL });
  pool.on("error", () => {});
  return pool;
}

/** Opens the backplane. `size`: entries that a topic keeps; default: the backplane's own. */
export async function openEngine(
  address: EngineAddress,
  size?: number,
  onError: (error: unknown) => void = () => {},
): Promise<OpenEngine> {
  const history = size === undefined ? {} : { size };
  switch (address.engine) {
    case "memory": {
      const backplane = memoryBackplane({ history });
      return { backplane, close: async () => backplane.close() };
    }
    case "redis": {
      // The backplane makes connections like it.
      const client = redisClient(address.port, true);
      const backplane = redisBackplane(client, { history, onError });
      await backplane.ready();
      return {
        backplane,
        async close() {
          await backplane.close();
          client.disconnect();
        },
      };
    }
    case "postgres": {
      const pool = postgresPool(address.url);
      const backplane = postgresBackplane(pool, { history, onError });
      await backplane.ready();
      return {
        backplane,
        async close() {
          await backplane.close();
          await pool.end();
        },
      };
    }
  }
}
