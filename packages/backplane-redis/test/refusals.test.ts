/** Servers that cannot be used, keys of other programs, and secrets in errors. */
import { inspect } from "node:util";
import {
  type RedisBackplane,
  type RedisBackplaneOptions,
  type RedisClient,
  redisBackplane,
  redisFrom,
} from "@bellwire/backplane-redis";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { factsOf } from "../src/facts.ts";
import { announce, RedisServer } from "./redis-server.ts";
import { freshPrefix } from "./store.ts";

const TOPIC = "news.sport";
const SECRET = "correct-horse";
const entry = { event: "said", json: `{"text":"${SECRET}"}`, time: 1 };

const CLIENTS = [
  ["ioredis", (url: string): RedisClient => new Redis(url, { lazyConnect: true })],
  ["node-redis", (url: string): RedisClient => createClient({ url })],
] as const;

describe.skipIf(!announce("refusals of Redis"))("refusals", () => {
  const closers: (() => Promise<void>)[] = [];
  let server: RedisServer;
  let locked: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
    locked = await RedisServer.start({ password: SECRET });
  });
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });
  afterAll(async () => {
    await server.remove();
    await locked.remove();
  });

  function on(client: RedisClient, options: RedisBackplaneOptions = {}): RedisBackplane {
    const plane = redisBackplane(client, { onError: () => {}, timeout: 2_000, ...options });
    closers.push(() => plane.close());
    return plane;
  }
  const plain = (): RedisClient => new Redis({ port: server.port, lazyConnect: true });

  describe.each(CLIENTS)("by %s", (_, client) => {
    it.each([
      ["none", (port: number) => `redis://127.0.0.1:${port}`],
      ["a wrong one", (port: number) => `redis://:wrong-${SECRET}@127.0.0.1:${port}`],
    ])("names a password that is not accepted, and never quotes it: %s", async (__, url) => {
      const reported: unknown[] = [];
      const plane = on(client(url(locked.port)), { onError: (error) => reported.push(error) });
      const error = await plane.ready().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({
        code: "invalid_option",
        message: "redisBackplane.client: must have a user and a password that the server accepts",
      });
      // A publisher may try again, since the fault is not its own.
      await expect(plane.append(TOPIC, entry)).rejects.toMatchObject({ code: "overloaded" });
      expect(inspect([error, reported], { depth: 10 })).not.toContain(SECRET);
    });

    it("names a database that the server has not", async () => {
      const plane = on(client(`redis://127.0.0.1:${server.port}/99`));
      await expect(plane.ready()).rejects.toMatchObject({
        code: "invalid_option",
        message: "redisBackplane.client: must have a database that the server has",
      });
      expect(await server.control.keys("bellwire:*")).toEqual([]);
    });

    it("rejects while no server is there, or waits for one and reports, by option", async () => {
      const gone = await RedisServer.start();
      closers.push(() => gone.remove());
      await gone.kill();
      await expect(on(client(gone.url)).ready()).rejects.toMatchObject({
        code: "overloaded",
        message: "Redis cannot be reached (ECONNREFUSED)",
      });
      const reported: unknown[] = [];
      const patient = on(client(gone.url), { absent: "wait", onError: (error) => reported.push(error) });
      const ready = patient.ready();
      const append = patient.append(TOPIC, entry);
      await expect.poll(() => reported.length).toBe(1);
      expect(reported).toMatchObject([{ code: "overloaded" }]);
      await gone.start();
      await ready;
      expect((await append).offset).toBe(1);
    });

    it("leaves the client of the application alone", async () => {
      const own = client(server.url);
      await own.connect();
      const plane = on(own, { prefix: freshPrefix() });
      await plane.append(TOPIC, entry);
      await plane.close();
      const ping =
        "sendCommand" in own && !("call" in own) ? own.sendCommand(["PING"]) : (own as Redis).ping();
      expect(await ping).toBe("PONG");
      if ("destroy" in own) own.destroy();
      else own.disconnect();
    });
  });

  it("refuses a layout that is newer than the program, and one of another program", async () => {
    const prefix = freshPrefix();
    for (const [value, message] of [
      ["2", "prefix: must have a layout of at most 1; a newer version of this package has used it"],
      ["x", `prefix: must not have ${prefix}:layout of another program`],
    ] as const) {
      await server.control.set(`${prefix}:layout`, value);
      await expect(on(plain(), { prefix }).ready()).rejects.toMatchObject({
        code: "invalid_option",
        message: `redisBackplane.${message}`,
      });
    }
  });

  it.each([
    ["a text as the numbering", false, (key: string) => server.control.set(`${key}:meta`, "mine")],
    ["a hash as the numbering", false, (key: string) => server.control.hset(`${key}:meta`, "a", "mine")],
    ["a text as the log", false, (key: string) => server.control.set(`${key}:log`, "mine")],
    [
      "an entry above the next offset",
      true,
      (key: string) => server.control.xadd(`${key}:log`, "99-0", "a", "b"),
    ],
    [
      "an entry at the next offset",
      true,
      (key: string) => server.control.xadd(`${key}:log`, "2-0", "n", "x"),
    ],
  ])(
    "names the keys where another program has put %s, and keeps serving other topics",
    async (_, used, put) => {
      const prefix = freshPrefix();
      const plane = on(plain(), { prefix });
      const key = `${prefix}:1:{${TOPIC}}`;
      if (used) await plane.append(TOPIC, entry);
      await put(key);
      await expect(plane.append(TOPIC, { ...entry, id: "a" })).rejects.toMatchObject({
        code: "internal",
        message: `another program has written ${key}:meta or ${key}:log: delete both keys`,
      });
      expect((await plane.append("news.weather", entry)).offset).toBe(1);
      if (!used) expect(await server.control.exists(`${key}:meta`, `${key}:log`)).toBe(1);
      await server.control.del(`${key}:meta`, `${key}:log`);
      expect((await plane.append(TOPIC, { ...entry, id: "a" })).offset).toBe(1);
    },
  );

  it("ignores the key prefix of the application's client", async () => {
    const prefix = freshPrefix();
    const client = new Redis({ port: server.port, lazyConnect: true, keyPrefix: "app:" });
    const plane = on(client, { prefix });
    const heard: number[] = [];
    await plane.listen(TOPIC, (_, { offset }) => void heard.push(offset));
    await plane.append(TOPIC, entry);
    await expect.poll(() => heard).toEqual([1]);
    expect(await server.control.exists(`${prefix}:1:{${TOPIC}}:meta`)).toBe(1);
  });

  it("warns once of a policy that evicts", async () => {
    await server.control.config("SET", "maxmemory-policy", "allkeys-lru");
    const reported: unknown[] = [];
    const plane = on(plain(), { prefix: freshPrefix(), onError: (error) => reported.push(error) });
    await plane.ready();
    await server.control.config("SET", "maxmemory-policy", "noeviction");
    expect(reported).toMatchObject([
      { code: "invalid_option", message: expect.stringContaining("allkeys-lru") },
    ]);
  });

  it("rejects an append that too few replicas have, and gives its position when it is repeated", async () => {
    const plane = on(plain(), { prefix: freshPrefix(), replicas: 1, timeout: 400 });
    const append = () => plane.append(TOPIC, { ...entry, id: "a" });
    await expect(append()).rejects.toMatchObject({ code: "overloaded" });
    const replica = await RedisServer.start();
    closers.push(() => replica.remove());
    await replica.follow(server);
    await expect.poll(() => append().catch(() => undefined), { timeout: 5_000 }).toMatchObject({ offset: 1 });
  });

  it("spreads topics over several servers, each topic on one", async () => {
    const other = await RedisServer.start();
    closers.push(() => other.remove());
    const prefix = freshPrefix();
    const both = [plain(), new Redis({ port: other.port, lazyConnect: true })];
    const planes = [redisBackplane(both, { prefix }), redisBackplane(both, { prefix })] as const;
    closers.push(async () => void (await Promise.all(planes.map((plane) => plane.close()))));
    const heard: string[] = [];
    for (let n = 0; n < 40; n += 1) {
      await planes[1].listen(`many.${n}`, (_, { json }) => void heard.push(json));
      await planes[0].append(`many.${n}`, { ...entry, json: String(n) });
      expect((await planes[1].append(`many.${n}`, { ...entry, json: String(n) })).offset).toBe(2);
    }
    await expect.poll(() => heard.length).toBe(80);
    for (const { control } of [server, other])
      expect((await control.keys(`${prefix}:1:*:meta`)).length).toBeGreaterThan(5);
  });

  it("is what a configuration names, and closes what it has opened", async () => {
    const plane = await redisFrom({ url: server.url, prefix: freshPrefix() });
    expect((await plane.append(TOPIC, entry)).offset).toBe(1);
    await plane.close();
    const url = `redis://:${SECRET}x@127.0.0.1:${locked.port}`;
    await expect(redisFrom({ url, onError: () => {} })).rejects.toMatchObject({
      code: "invalid_option",
      message: "redisFrom.url: must have a user and a password that the server accepts",
    });
  });
});

describe("a server's facts", () => {
  const info = (fields: string): string => `redis_version:7.0.15\r\nrole:master\r\nrun_id:a\r\n${fields}`;
  it.each([
    ["redis_version:6.0.16", "redisBackplane.client: must be of Redis 6.2 or later"],
    ["redis_mode:cluster", "redisBackplane.client: must be of a server outside a cluster"],
    ["loading:1", "Redis is loading its data"],
    ["role:slave", "Redis is a read-only replica"],
  ])("refuse %s", (fields, message) => {
    expect(() => factsOf(info(fields))).toThrow(message);
  });
  it("name the run and the history of the server", () => {
    expect(factsOf(info("master_replid:b\r\nmaxmemory_policy:noeviction"))).toEqual({
      engine: "a:b",
      evicts: "noeviction",
    });
  });
});
