/** The rows over an engine: only when asked for, and only where the engine is installed. */
import { existsSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Redis } from "ioredis";
import { describe, expect, it, vi } from "vitest";
import { startRedis } from "../src/engines/redis.ts";
import { readOptions } from "../src/options.ts";

const engines = ["redis", "postgres"];

describe("the rows over an engine", () => {
  it("are not in a default run", () => {
    const { entries, absent } = readOptions([]);
    expect(entries.filter(({ id }) => engines.includes(id))).toEqual([]);
    expect(absent).toEqual([]);
  });

  it("run when they are asked for", () => {
    vi.stubEnv("BELLWIRE_REDIS_SERVER", "/a/redis-server");
    const { entries, absent } = readOptions(["--wire", "ws,redis"]);
    vi.unstubAllEnvs();
    expect(entries.map(({ id }) => id)).toContain("redis");
    expect(absent).toEqual([]);
  });

  it("are left out with one line where the engine is not installed", () => {
    vi.stubEnv("BELLWIRE_REDIS_SERVER", "");
    vi.stubEnv("PATH", "/nowhere");
    const { entries, absent } = readOptions(["--wire", "ws,redis"]);
    vi.unstubAllEnvs();
    expect(entries.map(({ id }) => id)).not.toContain("redis");
    expect(entries.map(({ id }) => id)).toContain("ws");
    expect(absent).toEqual([expect.stringMatching(/^left out: redis, as there is no redis-server/)]);
  });
});

describe.skipIf(!process.env["BELLWIRE_REDIS_SERVER"])("an engine of the benchmark's own", () => {
  it("answers, and is gone with its folder after stop", async () => {
    const server = await startRedis();
    const client = new Redis({ port: server.port, retryStrategy: () => null });
    client.on("error", () => {});
    const [, folder = ""] = (await client.config("GET", "dir")) as string[];
    expect(existsSync(folder)).toBe(true);
    await server.stop();
    await vi.waitFor(() => expect(client.status).toBe("end"));
    await pause(0);
    expect(existsSync(folder)).toBe(false);
  });
});
