/** Redis as the engine of the cluster, with and without persistence. */
import { type Random, startFaultProxy } from "@bellwire/core/conformance";
import { RedisServer } from "../../packages/backplane-redis/test/redis-server.ts";
import type { Engine, EngineFault } from "./engine.ts";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Starts a primary and, unless it is `persistent`, a replica. Persistent: every write is on disk
 * before it is acknowledged, and the hubs are told that they may trust it.
 */
export async function startRedis(persistent: boolean, random: Random): Promise<Engine> {
  let primary = await RedisServer.start({ persistent });
  const servers = [primary];
  if (!persistent) {
    const replica = await RedisServer.start({});
    servers.push(replica);
    await replica.follow(primary);
  }
  const proxy = await startFaultProxy({ target: primary.port, random: random.fork() });

  const killed: EngineFault = {
    loses: persistent ? "nothing" : "log",
    async run() {
      await primary.kill();
      await pause(random.int(1_500));
      await primary.start();
    },
  };
  const frozen: EngineFault = {
    loses: "nothing",
    async run() {
      primary.freeze();
      await pause(500 + random.int(2_000));
      primary.thaw();
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
      after.freeze();
      await pause(300);
      await before.kill();
      after.thaw();
      await after.control.replicaof("NO", "ONE");
      primary = after;
      proxy.retarget(after.port);
      proxy.cutAll("reset");
      await before.start();
      await before.follow(after);
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
      for (const server of servers) await server.remove();
    },
  };
}

function keyOf(prefix: string, topic: string, part: "meta" | "log"): string {
  return `${prefix}:1:{${topic}}:${part}`;
}
