/** The commands of docs/backplanes/redis.md, as a program in another language sends them. */
import { appendScript, redisBackplane } from "@bellwire/backplane-redis";
import type { Entry } from "@bellwire/core/server";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { announce, RedisServer } from "./redis-server.ts";

describe.skipIf(!announce("programs in other languages on Redis"))("another program", () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.remove());

  it("appends by the script, and reads by commands", async () => {
    const { control } = server;
    const plane = redisBackplane(new Redis({ port: server.port, lazyConnect: true }));
    const heard: Entry[] = [];
    await plane.listen("orders.42", (_, entry) => void heard.push(entry));

    const info = await control.info();
    const of = (name: string): string => new RegExp(`^${name}:(\\S+)`, "m").exec(info)?.[1] ?? "";
    const topic = "bellwire:1:{orders.42}";
    const append = (id: string): Promise<unknown> =>
      control.eval(
        appendScript,
        3,
        `${topic}:meta`,
        `${topic}:log`,
        `${topic}:id:${id}`,
        `${of("run_id")}:${of("master_replid")}`,
        "0123456789ab",
        "300000",
        "256",
        "1048576",
        `["placed",1767225600123,"${id}",null]\n{"total": 9.50}`,
        "78",
        `${topic}:live`,
      );
    expect(await append("order-1")).toEqual(["0123456789ab", "1"]);
    expect(await append("order-1")).toEqual(["0123456789ab", "1"]);
    const first = {
      id: "order-1",
      event: "placed",
      time: 1_767_225_600_123,
      json: '{"total": 9.50}',
      offset: 1,
    };
    await expect.poll(() => heard).toEqual([first]);
    expect(await plane.append("orders.42", { event: "placed", json: "1", time: 5 })).toEqual({
      epoch: "0123456789ab",
      offset: 2,
    });
    expect(await plane.read("orders.42", undefined, 2)).toMatchObject({ entries: [first, { offset: 2 }] });

    expect(await control.hmget(`${topic}:meta`, "epoch", "head")).toEqual(["0123456789ab", "2"]);
    expect(await control.xrange(`${topic}:log`, "2", "+")).toMatchObject([
      ["2-0", ["n", '["placed",5,null,null]\n1', "at", expect.any(String), "bytes", "78"]],
    ]);
    await plane.close();
  });

  it("gets the error of Redis where the keys are of another program, and changes nothing", async () => {
    const { control } = server;
    const append = (topic: string): Promise<unknown> => {
      const keys = [`${topic}:meta`, `${topic}:log`, `${topic}:id:a`];
      const rest = ["trusted", "0123456789ab", "300000", "256", "1048576", "[]\n1", "65", `${topic}:live`];
      return control.eval(appendScript, 3, ...keys, ...rest);
    };
    await control.set("text:log", "mine");
    await expect(append("text")).rejects.toThrow(/^WRONGTYPE /);
    await control.hset("hash:meta", "a", "mine");
    await expect(append("hash")).rejects.toThrow(/WRONGTYPE /);
    expect(await append("late")).toEqual(["0123456789ab", "1"]);
    await control.del("late:id:a");
    await control.xadd("late:log", "99-0", "a", "b");
    await expect(append("late")).rejects.toThrow("target stream top item");
    expect(await control.exists("text:id:a", "hash:id:a", "late:id:a")).toBe(0);
    expect(await control.hget("late:meta", "head")).toBe("1");
  });
});
