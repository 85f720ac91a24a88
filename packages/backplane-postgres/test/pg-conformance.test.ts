import { backplaneConformance } from "@bellwire/core/conformance";
import pg from "pg";
import postgres from "postgres";
import { afterAll, beforeAll, describe } from "vitest";
import { announce, PostgresServer } from "./postgres-server.ts";
import { runner, storesOn, type TestDatabase } from "./store.ts";

describe.runIf(announce("the backplane kit on PostgreSQL"))("on a server", () => {
  let server: PostgresServer;
  let pool: pg.Pool;
  const ends: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    server = await PostgresServer.start();
    pool = new pg.Pool({ connectionString: server.url(), max: 10 });
    ends.push(() => pool.end());
  });
  afterAll(async () => {
    for (const end of ends) await end();
    await server.remove();
  });

  const pools: pg.Pool[] = [];
  const onPg: TestDatabase = {
    database(n) {
      pools[n] ??= new pg.Pool({ connectionString: server.url(), max: 5 });
      return pools[n];
    },
    run: (sql) => pool.query(sql),
  };
  ends.push(async () => void (await Promise.all(pools.map((each) => each.end()))));

  const clients: postgres.Sql[] = [];
  const onPostgresJs: TestDatabase = {
    database(n) {
      clients[n] ??= postgres(server.url(), { max: 5, onnotice: () => {} });
      return clients[n];
    },
    run: (sql) => pool.query(sql),
  };
  ends.push(async () => void (await Promise.all(clients.map((each) => each.end()))));

  backplaneConformance(
    storesOn(() => onPg),
    { name: "pg", ...runner },
  );
  backplaneConformance(
    storesOn(() => onPostgresJs),
    { name: "postgres.js", ...runner },
  );
});
