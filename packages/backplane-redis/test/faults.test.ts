/** Real faults of a real server: nothing acknowledged is numbered twice, and calls never hang. */
import { setTimeout as pause } from "node:timers/promises";
import { type RedisBackplane, type RedisBackplaneOptions, redisBackplane } from "@bellwire/backplane-redis";
import type { Entry } from "@bellwire/core/server";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterEach, describe, expect, it } from "vitest";
import { announce, RedisServer } from "./redis-server.ts";

const TOPIC = "news.sport";
const entry = (n: number, id?: string) => ({
  id,
  event: "said",
  json: `{"n":${n}}`,
  time: 1_767_225_600_123,
});

describe.skipIf(!announce("faults of Redis"))("faults", { timeout: 30_000 }, () => {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });

  async function start(options: Parameters<typeof RedisServer.start>[0] = {}): Promise<RedisServer> {
    const server = await RedisServer.start(options);
    closers.push(() => server.remove());
    return server;
  }
  function on({ port }: RedisServer, options: RedisBackplaneOptions = {}): RedisBackplane {
    const plane = redisBackplane(new Redis({ port, lazyConnect: true }), {
      onError: () => {},
      timeout: 1_000,
      ...options,
    });
    closers.push(() => plane.close());
    return plane;
  }
  /** Repeats a call until it succeeds, as publishers do. Every failure must be `overloaded`. */
  async function eventually<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        expect(error).toMatchObject({ code: "overloaded", retryAfter: 1_000 });
        await pause(20);
      }
    }
  }
  async function hears(plane: RedisBackplane): Promise<Entry[]> {
    const heard: Entry[] = [];
    await plane.listen(TOPIC, (_, each) => void heard.push(each));
    return heard;
  }
  async function fill(plane: RedisBackplane, count: number): Promise<string> {
    let epoch = "";
    for (let n = 1; n <= count; n += 1) ({ epoch } = await plane.append(TOPIC, entry(n, `id-${n}`)));
    return epoch;
  }

  it("begins a new epoch after a restart that lost everything", async () => {
    const server = await start();
    const plane = on(server);
    const epoch = await fill(plane, 3);
    await server.kill();
    await server.start();
    const first = await eventually(() => plane.append(TOPIC, entry(4)));
    expect(first.offset).toBe(1);
    expect(first.epoch).not.toBe(epoch);
    expect(await plane.read(TOPIC, { epoch, offset: 3 }, 10)).toMatchObject({ ok: false, reason: "epoch" });
  });

  it("begins a new epoch after a restart that may have lost the end, unless it is trusted", async () => {
    const server = await start({ persistent: true });
    const [wary, trusting] = [on(server), on(server, { prefix: "trusted", trusted: true })];
    const [lost, kept] = [await fill(wary, 3), await fill(trusting, 3)];
    await server.kill();
    await server.start();
    const next = await eventually(() => wary.append(TOPIC, entry(4)));
    expect(next.offset).toBe(1);
    expect(next.epoch).not.toBe(lost);
    expect(await eventually(() => trusting.append(TOPIC, entry(4)))).toEqual({ epoch: kept, offset: 4 });
    expect(await trusting.append(TOPIC, entry(1, "id-1"))).toEqual({ epoch: kept, offset: 1 });
    const history = await trusting.read(TOPIC, { epoch: kept, offset: 0 }, 10);
    expect(history.ok && history.entries.map(({ json }) => json)).toEqual(
      [1, 2, 3, 4].map((n) => `{"n":${n}}`),
    );
  });

  it("rejects in time while the server stands still, and goes on without a restart", async () => {
    const server = await start();
    const plane = on(server, { timeout: 300 });
    const epoch = await fill(plane, 1);
    server.freeze();
    const began = performance.now();
    const calls = [
      plane.append(TOPIC, entry(2, "late")),
      plane.spread(TOPIC, entry(3)),
      plane.read(TOPIC, undefined, 1),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: "overloaded" });
    expect(performance.now() - began).toBeLessThan(2_000);
    const again = performance.now();
    await expect(plane.append(TOPIC, entry(2, "late"))).rejects.toMatchObject({ code: "overloaded" });
    expect(performance.now() - again).toBeLessThan(200);
    server.thaw();
    // The append that nobody waits for any more may have been carried out: its id says so.
    const position = await eventually(() => plane.append(TOPIC, entry(2, "late")));
    expect(position).toEqual({ epoch, offset: 2 });
    expect(await plane.append(TOPIC, entry(3))).toEqual({ epoch, offset: 3 });
  });

  it("begins a new epoch on a replica that lacks the end", async () => {
    const [primary, replica] = [await start(), await start()];
    await replica.follow(primary);
    const before = on(primary);
    const epoch = await fill(before, 2);
    while ((await replica.control.hget(`bellwire:1:{${TOPIC}}:meta`, "head")) !== "2") await pause(10);
    const reading = on(replica);
    await expect(reading.read(TOPIC, undefined, 0)).rejects.toMatchObject({
      code: "overloaded",
      message: "Redis is a read-only replica",
    });
    // The replica stands still while the primary acknowledges, and then takes its place.
    replica.freeze();
    expect(await before.append(TOPIC, entry(3))).toEqual({ epoch, offset: 3 });
    await primary.kill();
    replica.thaw();
    await replica.control.replicaof("NO", "ONE");
    const next = await eventually(() => reading.append(TOPIC, entry(4)));
    expect(next.epoch).not.toBe(epoch);
    expect(next.offset).toBe(1);
  });

  it("notices a server that was a replica for a while on the same connection", async () => {
    const [server, other] = [await start(), await start()];
    const plane = on(server);
    const epoch = await fill(plane, 2);
    await other.follow(server);
    await server.follow(other);
    await server.control.replicaof("NO", "ONE");
    await pause(2_500);
    expect((await eventually(() => plane.append(TOPIC, entry(3)))).epoch).not.toBe(epoch);
  });

  it("begins one epoch when its first replica changes a server's id, whatever hubs still believe", async () => {
    const [server, replica] = [await start(), await start()];
    const before = on(server);
    const epoch = await fill(before, 3);
    await replica.follow(server);
    const after = on(server);
    await after.ready();
    const epochs = new Set<string>();
    // The first hub looks at the server again within 2 s; until then the two know different ids.
    for (let n = 4; n < 24; n += 1) {
      epochs.add((await after.append(TOPIC, entry(n))).epoch);
      epochs.add((await before.append(TOPIC, entry(n))).epoch);
    }
    epochs.delete(epoch);
    expect(epochs.size).toBeLessThanOrEqual(1);
  });

  it("begins a new epoch after FLUSHALL, and delivers under it to those who listen", async () => {
    const server = await start();
    const plane = on(server);
    const heard = await hears(plane);
    const epoch = await fill(plane, 2);
    await server.control.flushall();
    const next = await plane.append(TOPIC, entry(9));
    expect(next.epoch).not.toBe(epoch);
    await expect.poll(() => heard.map(({ offset }) => offset)).toEqual([1, 2, 1]);
  });

  it.each(["meta", "log"])("never uses an offset again when %s was evicted alone", async (part) => {
    const server = await start();
    const plane = on(server);
    const epoch = await fill(plane, 3);
    await server.control.del(`bellwire:1:{${TOPIC}}:${part}`);
    const next = await plane.append(TOPIC, entry(4));
    if (part === "log") expect(next).toEqual({ epoch, offset: 4 });
    else expect(next.epoch).not.toBe(epoch);
    const reason = part === "log" ? "evicted" : "epoch";
    expect(await plane.read(TOPIC, { epoch, offset: 2 }, 10)).toMatchObject({ ok: false, reason });
  });

  it.each([
    ["ioredis", ({ port }: RedisServer) => new Redis({ port, lazyConnect: true })],
    ["node-redis", ({ url }: RedisServer) => createClient({ url })],
  ] as const)("hands over the newest entry when the subscriptions were cut, by %s", async (_, client) => {
    const server = await start();
    const plane = redisBackplane(client(server), { onError: () => {}, timeout: 1_000 });
    closers.push(() => plane.close());
    const heard = await hears(plane);
    await fill(plane, 1);
    await expect.poll(() => heard.length).toBe(1);
    await server.control.call("CLIENT", "KILL", "TYPE", "pubsub");
    await eventually(() => plane.append(TOPIC, entry(2)));
    await expect.poll(() => heard.map(({ offset }) => offset), { timeout: 5_000 }).toEqual([1, 2]);
    await eventually(() => plane.append(TOPIC, entry(3)));
    await expect.poll(() => heard.map(({ offset }) => offset)).toEqual([1, 2, 3]);
  });

  it("reads and reports while the server is out of memory, and appends when it has some again", async () => {
    const server = await start();
    const plane = on(server);
    const epoch = await fill(plane, 2);
    await server.control.config("SET", "maxmemory", "1");
    await expect(plane.append(TOPIC, entry(3, "full"))).rejects.toMatchObject({
      code: "overloaded",
      message: "Redis is out of memory",
    });
    expect(await plane.read(TOPIC, { epoch, offset: 1 }, 10)).toMatchObject({ ok: true });
    await server.control.config("SET", "maxmemory", "0");
    expect(await plane.append(TOPIC, entry(3, "full"))).toEqual({ epoch, offset: 3 });
  });

  it("keeps on when the cache of scripts was emptied", async () => {
    const server = await start();
    const plane = on(server);
    const epoch = await fill(plane, 1);
    await server.control.script("FLUSH");
    const positions = await Promise.all([2, 3, 4].map((n) => plane.append(TOPIC, entry(n))));
    expect(positions).toEqual([2, 3, 4].map((offset) => ({ epoch, offset })));
  });

  it("reads 10,000 heads in a few round trips", async () => {
    const server = await start();
    const plane = on(server, { timeout: 20_000 });
    await plane.ready();
    const before = await reads(server);
    await Promise.all(Array.from({ length: 10_000 }, (_, n) => plane.read(`many.${n}`, undefined, 0)));
    // The server reads at most 16 KiB from the socket at once. One by one it would be 10,000.
    expect((await reads(server)) - before).toBeLessThan(1_000);
  });
});

async function reads({ control }: RedisServer): Promise<number> {
  return Number(/total_reads_processed:(\d+)/.exec(await control.info("stats"))?.[1]);
}
