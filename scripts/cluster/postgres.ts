/** PostgreSQL as the engine of the cluster. */
import type { Random } from "@bellwire/core/conformance";
import pg from "pg";
import { PostgresServer } from "../../packages/backplane-postgres/test/postgres-server.ts";
import type { Engine, EngineFault } from "./engine.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Starts a server of its own, which writes every commit to the disk. */
export async function startPostgres(random: Random): Promise<Engine> {
  const server = await PostgresServer.start({ durable: true });
  const { port } = server;

  /** One statement on a connection of its own, around the proxies and the product. */
  async function control(text: string, parameters: readonly unknown[] = []): Promise<pg.QueryResult> {
    const client = new pg.Client({ connectionString: server.url() });
    client.on("error", () => {});
    await client.connect();
    try {
      return await client.query(text, [...parameters]);
    } finally {
      await client.end();
    }
  }

  const killed: EngineFault = {
    loses: "nothing",
    async run() {
      await server.stop("SIGKILL");
      await pause(random.int(1_000));
      await server.start();
    },
  };
  const frozen: EngineFault = {
    loses: "nothing",
    async run() {
      server.freeze();
      await pause(500 + random.int(2_000));
      server.thaw();
    },
  };
  const trimmed: EngineFault = {
    loses: "oldest",
    async run(prefix) {
      await control(
        `delete from ${prefix}_entries e using ${prefix}_topics t where t.no = e.no and e."offset" <= t.head - 5`,
      );
    },
  };
  const terminated: EngineFault = {
    loses: "nothing",
    async run() {
      await control("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()");
    },
  };
  const readOnly: EngineFault = {
    loses: "nothing",
    async run() {
      await control("alter system set default_transaction_read_only = on");
      await control("select pg_reload_conf()");
      await pause(500 + random.int(1_500));
      await control("begin read write; select 1; commit");
      await control("alter system reset default_transaction_read_only").catch(() => {});
      await control("select pg_reload_conf()");
    },
  };

  return {
    name: "postgres",
    port,
    address: (at) => ({ provider: "postgres", url: server.url({ port: at }) }),
    faults: {
      "engine killed": killed,
      "engine frozen": frozen,
      "log trimmed": trimmed,
      "connections ended": terminated,
      "engine read-only": readOnly,
    },
    async head(prefix, topic) {
      const { rows } = await control(
        `select epoch, head::int as "offset" from ${prefix}_topics where topic = $1`,
        [topic],
      );
      return rows[0] as { readonly epoch: string; readonly offset: number };
    },
    async stop() {
      await server.remove();
    },
  };
}
