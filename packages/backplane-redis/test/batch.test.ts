/** Appends of one tick go to Redis in one call: each keeps its order, position and error. */
import { type RedisBackplane, type RedisClient, redisBackplane } from "@bellwire/backplane-redis";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { announce, RedisServer } from "./redis-server.ts";
import { freshPrefix } from "./store.ts";

const entry = (n: number, id?: string, publisher?: string) => ({
  id,
  publisher,
  event: "said",
  json: `{"n":${n}}`,
  time: 1,
});

const CLIENTS = [
  ["ioredis", ({ port }: RedisServer): RedisClient => new Redis({ port, lazyConnect: true })],
  ["node-redis", ({ url }: RedisServer): RedisClient => createClient({ url })],
] as const;

describe.skipIf(!announce("batches of appends on Redis")).each(CLIENTS)("a batch by %s", (_, client) => {
  const closers: (() => Promise<void>)[] = [];
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });
  afterAll(() => server.remove());

  function on(prefix: string, replicas = 0): RedisBackplane {
    const options = { prefix, replicas, onError: () => {}, timeout: replicas > 0 ? 400 : 5_000 };
    const plane = redisBackplane(client(server), options);
    closers.push(() => plane.close());
    return plane;
  }
  /** How often the server has carried out a command. */
  async function calls(command: string): Promise<number> {
    const stats = await server.control.info("commandstats");
    return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  }

  it("gives 1,000 appends to 50 topics contiguous offsets in the order of the calls", async () => {
    const plane = on(freshPrefix());
    const heard = new Map<string, number[]>();
    for (let n = 0; n < 50; n += 1) {
      const offsets: number[] = [];
      heard.set(`many.${n}`, offsets);
      await plane.listen(`many.${n}`, (__, { offset }) => void offsets.push(offset));
    }
    const before = await calls("evalsha");
    const positions = await Promise.all(
      Array.from({ length: 1_000 }, (__, n) => plane.append(`many.${n % 50}`, entry(n))),
    );
    expect((await calls("evalsha")) - before).toBe(Math.ceil(1_000 / 64));
    expect(positions.map(({ offset }) => offset)).toEqual(positions.map((__, n) => Math.floor(n / 50) + 1));
    expect(new Set(positions.map(({ epoch }) => epoch)).size).toBe(50);
    const contiguous = Array.from({ length: 20 }, (__, n) => n + 1);
    for (const [topic, offsets] of heard) {
      await expect.poll(() => offsets).toEqual(contiguous);
      const history = await plane.read(topic, undefined, 100);
      const first = Number(topic.slice("many.".length));
      expect(history.ok && history.entries.map(({ json }) => json)).toEqual(
        contiguous.map((offset) => `{"n":${first + (offset - 1) * 50}}`),
      );
    }
  });

  it("appends once for an id that comes twice, and for each of its publishers", async () => {
    const plane = on(freshPrefix());
    const [first, again, next, other] = await Promise.all([
      plane.append("news", entry(1, "a", "ann")),
      plane.append("news", entry(1, "a", "ann")),
      plane.append("news", entry(2)),
      plane.append("news", entry(3, "a", "bob")),
    ]);
    expect(again).toEqual(first);
    expect([first, next, other].map(({ offset }) => offset)).toEqual([1, 2, 3]);
    const history = await plane.read("news", undefined, 10);
    expect(history.ok && history.entries.map(({ offset }) => offset)).toEqual([1, 2, 3]);
  });

  it("rejects the appends to a topic of another program, and carries out the others", async () => {
    const prefix = freshPrefix();
    const plane = on(prefix);
    const key = (topic: string): string => `${prefix}:1:{${topic}}`;
    await plane.append("later", entry(0));
    await server.control.set(`${key("text")}:meta`, "mine");
    await server.control.hset(`${key("hash")}:meta`, "a", "mine");
    await server.control.set(`${key("log")}:log`, "mine");
    await server.control.xadd(`${key("later")}:log`, "99-0", "a", "b");
    const foreign = ["text", "hash", "log", "later"];
    const order = ["good", "text", "good", "hash", "log", "good", "later", "text", "good"];
    const settled = await Promise.allSettled(order.map((topic, n) => plane.append(topic, entry(n, `i${n}`))));
    let good = 0;
    for (const [n, topic] of order.entries())
      expect(settled[n]).toMatchObject(
        foreign.includes(topic)
          ? {
              reason: {
                code: "internal",
                message: `another program has written ${key(topic)}:meta or ${key(topic)}:log: delete both keys`,
              },
            }
          : { value: { offset: ++good } },
      );
    // A refused append leaves no id behind.
    for (const topic of foreign) await server.control.del(`${key(topic)}:meta`, `${key(topic)}:log`);
    expect((await plane.append("text", entry(1, "i1"))).offset).toBe(1);
    expect((await plane.append("later", entry(6, "i6"))).offset).toBe(1);
  });

  it("keeps the order of appends, volatile notifications and reads", async () => {
    const plane = on(freshPrefix());
    const heard: string[] = [];
    await plane.listen("news", (__, { json }) => void heard.push(json));
    const calls = [
      plane.append("news", entry(1)),
      plane.spread("news", entry(2)),
      plane.append("news", entry(3)),
      plane.append("news", entry(4)),
    ] as const;
    const head = await plane.read("news", undefined, 0);
    expect(head.head.offset).toBe(3);
    await Promise.all(calls);
    await expect.poll(() => heard).toEqual([1, 2, 3, 4].map((n) => `{"n":${n}}`));
  });

  it("ends a call early at 256 KiB", async () => {
    const plane = on(freshPrefix());
    await plane.ready();
    const before = await calls("evalsha");
    const large = { ...entry(1), json: JSON.stringify("x".repeat(100_000)) };
    const positions = await Promise.all(Array.from({ length: 6 }, () => plane.append("news", large)));
    expect(positions.map(({ offset }) => offset)).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await calls("evalsha")) - before).toBe(3);
  });

  it("waits once for the replicas, and rejects every append that they may lack", async () => {
    const plane = on(freshPrefix(), 1);
    await plane.ready();
    const before = await calls("wait");
    const settled = await Promise.allSettled([1, 2, 3].map((n) => plane.append("news", entry(n))));
    for (const each of settled)
      expect(each).toMatchObject({
        reason: { code: "overloaded", message: "too few replicas of Redis have the notification" },
      });
    expect((await calls("wait")) - before).toBe(1);
  });

  it("settles every append when it is closed", async () => {
    const plane = on(freshPrefix());
    await plane.ready();
    const appends = Promise.allSettled([1, 2].map((n) => plane.append("news", entry(n))));
    await plane.close();
    for (const each of await appends) expect(each).toMatchObject({ reason: { code: "closed" } });
  });
});
