/** A Redis of the benchmark's own, in memory alone. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { freePort, type KeptServer, startKept } from "./kept-server.ts";
import { redisProgram } from "./programs.ts";

/** A Redis that answers. */
export interface RedisServer extends KeptServer {
  readonly port: number;
}

/** Starts one without persistence. Rejects where none is installed. */
export async function startRedis(port?: number): Promise<RedisServer> {
  const command = redisProgram();
  if (command === undefined) throw new Error("no redis-server is installed");
  const at = port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), "bellwire-bench-redis-"));
  const configuration = join(folder, "redis.conf");
  writeFileSync(
    configuration,
    `port ${at}\nbind 127.0.0.1\ndir ${folder}\nsave ""\nappendonly no\nmaxmemory-policy noeviction\n`,
  );
  const server = await startKept({
    command,
    args: [configuration],
    folder,
    signal: "KILL",
    answers: () => answers(at),
  });
  return { ...server, port: at };
}

async function answers(port: number): Promise<boolean> {
  const probe = new Redis({ port, host: "127.0.0.1", lazyConnect: true, retryStrategy: () => null });
  probe.on("error", () => {});
  try {
    await probe.connect();
    return (await probe.ping()) === "PONG";
  } finally {
    probe.disconnect();
  }
}
