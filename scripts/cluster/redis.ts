/** Redis as the engine of the cluster, with and without persistence. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Random } from "@bellwire/core/conformance";
import { seededRandom, startFaultProxy } from "@bellwire/core/conformance";
import { Redis } from "ioredis";
import type { Engine, EngineFault } from "./engine.ts";
import { freePort, ServerProcess } from "./server-process.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface RedisServer {
  readonly port: number;
  readonly process: ServerProcess;
  /** Our own connection, around the proxies and the product. */
  readonly control: Redis;
}

/**
 * Starts a primary and a replica. `persistent`: every write is on disk before it is acknowledged,
 * and the hubs are told that they may trust it.
 */
export async function startRedis(persistent: boolean, random: Random): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), "bellwire-redis-"));
  const servers: RedisServer[] = [];
  let primary = await startServer();
  const replica = persistent ? undefined : await startServer();
  if (replica) await follow(replica, primary);
  const proxy = await startFaultProxy({ target: primary.port, random: seededRandom(1) });

  async function startServer(): Promise<RedisServer> {
    const port = await freePort();
    const dir = mkdtempSync(join(folder, "data-"));
    const control = new Redis({
      port,
      lazyConnect: true,
      enableOfflineQueue: true,
      maxRetriesPerRequest: null,
      retryStrategy: () => 50,
    });
    control.on("error", () => {});
    const process = new ServerProcess({
      command: REDIS_SERVER,
      args: [
        ...["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--save", ""],
        ...(persistent ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"]),
        ...["--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0"],
      ],
      serves: async () => {
        const probe = new Redis({ port, lazyConnect: true, retryStrategy: () => null });
        probe.on("error", () => {});
        try {
          await probe.connect();
          return (await probe.ping()) === "PONG";
        } finally {
          probe.disconnect();
        }
      },
    });
    await process.start();
    await control.connect();
    const server = { port, process, control };
    servers.push(server);
    return server;
  }

  async function follow(server: RedisServer, other: RedisServer): Promise<void> {
    await server.control.replicaof("127.0.0.1", other.port);
    while (!(await server.control.info("replication")).includes("master_link_status:up")) await pause(20);
  }

  const killed: EngineFault = {
    loses: persistent ? "nothing" : "log",
    async run() {
      await primary.process.kill();
      await pause(random.int(1_500));
      await primary.process.start();
      if (replica && primary !== replica) await pause(100);
    },
  };
  const frozen: EngineFault = {
    loses: "nothing",
    async run() {
      primary.process.freeze(true);
      await pause(500 + random.int(2_000));
      primary.process.freeze(false);
    },
  };
  const trimmed: EngineFault = {
    loses: "oldest",
    async run(prefix, topics) {
      for (const topic of topics) await primary.control.xtrim(keyOf(prefix, topic, "log"), "MAXLEN", 5);
    },
  };
  const full: EngineFault = {
    loses: "nothing",
    async run() {
      await primary.control.config("SET", "maxmemory", "1mb");
      await pause(500 + random.int(1_500));
      await primary.control.config("SET", "maxmemory", "0");
    },
  };
  const flushed: EngineFault = {
    loses: "log",
    async run() {
      await primary.control.flushall();
    },
  };
  /** The replica has stopped following for a moment when the primary dies. */
  const failover: EngineFault = {
    loses: "log",
    async run() {
      const [before, after] = [primary, servers.find((server) => server !== primary)];
      if (!after) return;
      after.process.freeze(true);
      await pause(300);
      await before.process.kill();
      after.process.freeze(false);
      await after.control.replicaof("NO", "ONE");
      primary = after;
      proxy.retarget(after.port);
      proxy.cutAll("reset");
      await before.process.start();
      await follow(before, after);
    },
  };

  return {
    name: persistent ? "redis with persistence" : "redis",
    port: proxy.port,
    address: (port) => ({ provider: "redis", url: `redis://127.0.0.1:${port}`, trusted: persistent }),
    faults: {
      "engine killed": killed,
      "engine frozen": frozen,
      "log trimmed": trimmed,
      "engine out of memory": full,
      ...(!persistent && { "log flushed": flushed, "failover without the tail": failover }),
    },
    async head(prefix, topic) {
      const [epoch, head] = await primary.control.hmget(keyOf(prefix, topic, "meta"), "epoch", "head");
      return { epoch: epoch ?? "", offset: Number(head ?? 0) };
    },
    async stop() {
      await proxy.close();
      for (const { process, control } of servers) {
        control.disconnect();
        await process.kill();
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const REDIS_SERVER = process.env["BELLWIRE_REDIS_SERVER"] ?? "redis-server";

function keyOf(prefix: string, topic: string, part: "meta" | "log"): string {
  return `${prefix}:1:{${topic}}:${part}`;
}
