import {
  backplaneConformance,
  type FaultProxy,
  freshSeed,
  seededRandom,
  startFaultProxy,
} from "@bellwire/core/conformance";
import pg from "pg";
import { afterAll, beforeAll, describe } from "vitest";
import { databases } from "./databases.ts";
import { announce } from "./postgres-server.ts";
import { runner, storesOn } from "./store.ts";

describe.runIf(announce("the backplane kit on PostgreSQL through faults"))("through faults", () => {
  const all = databases();
  const pools: pg.Pool[] = [];
  const seed = freshSeed();
  let proxy: FaultProxy;
  let sql: pg.Pool;

  beforeAll(async () => {
    // No cuts: the kit takes every delivery for promised. faults.test.ts has those.
    const faults = { jitter: 3, slice: 100, slicedBytes: 20_000 };
    sql = all.pool({ max: 1 });
    proxy = await startFaultProxy({
      target: all.server.port,
      random: seededRandom(seed),
      plan: () => ({ up: faults, down: faults }),
    });
  });
  afterAll(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    await proxy.close();
  });

  backplaneConformance(
    storesOn(() => ({
      database(n) {
        pools[n] ??= new pg.Pool({ connectionString: all.server.url({ port: proxy.port }), max: 5 });
        return pools[n];
      },
      run: (text) => sql.query(text),
    })),
    { name: "pg through latency and slices", seed, ...runner },
  );
});
