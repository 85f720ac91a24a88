/** Every option against values that it must refuse, and the schema of the configuration. */
import { readFileSync } from "node:fs";
import { redisBackplane, redisFrom } from "@bellwire/backplane-redis";
import { OPTION_SECRET, optionConformance } from "@bellwire/core/conformance";
import { backplaneFrom } from "@bellwire/core/server";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";

const common = {
  prefix: ["undefined", "a name", "a string", "reject"],
  history: ["undefined", "an object", "a URL object"],
  timeout: ["undefined", "one"],
  absent: ["undefined", "reject"],
  trusted: ["undefined", "true", "false"],
  replicas: ["undefined", "zero", "one"],
  onError: ["undefined", "a function"],
};
const more = {
  "a name": "bellwire_1",
  reject: "reject",
  "a server's URL": `redis://user:${OPTION_SECRET}@127.0.0.1:1`,
};

optionConformance(
  [
    {
      path: "redisBackplane",
      make: (options) => redisBackplane(new Redis({ lazyConnect: true }), options as never),
      given: {},
      keys: common,
    },
  ],
  { describe, it },
  more,
);

describe("a configuration", () => {
  const providers = { redis: () => redisFrom };

  it.each([
    [
      { provider: "redis", url: `mysql://user:${OPTION_SECRET}@host/x` },
      "config.backplane.url: must be a URL that begins with redis:// or rediss://",
    ],
    [{ provider: "redis" }, "config.backplane.url: must be a URL that begins with redis:// or rediss://"],
    [
      { provider: "redis", url: "redis://h", history: { size: -1 } },
      "config.backplane.history.size: must be a whole number of at least 0",
    ],
    [
      { provider: "redis", url: "redis://h", prefix: "{a}" },
      "config.backplane.prefix: must be 1 to 64 of A-Z a-z 0-9 . _ : -",
    ],
  ])("names the path of a wrong key: %j", async (backplane, message) => {
    await expect(backplaneFrom({ backplane }, providers)).rejects.toMatchObject({
      code: "invalid_option",
      message,
    });
  });

  it("is what the published schema permits", () => {
    const text = readFileSync(new URL("../config.schema.json", import.meta.url), "utf8");
    const valid = new Ajv2020({ allErrors: true }).compile(JSON.parse(text) as object);
    for (const value of [
      {
        provider: "redis",
        url: "rediss://user:word@host:6379/1",
        absent: "wait",
        trusted: true,
        replicas: 1,
      },
      {
        provider: "redis",
        url: "redis://h",
        prefix: "a:b",
        history: { size: 1, ttl: 0, bytes: 2 },
        timeout: 1,
      },
    ])
      expect(valid(value), JSON.stringify(valid.errors)).toBe(true);
    for (const value of [
      "redis",
      { provider: "redis" },
      { provider: "redis", url: "http://h" },
      { provider: "redis", url: "redis://h", prefix: "{a}" },
      { provider: "redis", url: "redis://h", history: { ids: 1 } },
    ])
      expect(valid(value), JSON.stringify(value)).toBe(false);
  });
});

describe("redisBackplane", () => {
  it.each([[undefined], [null], [{}], [[]], [{ call: () => {} }], ["redis://h"]])(
    "refuses %j as a client",
    (value) => {
      expect(() => redisBackplane(value as never)).toThrow(/^redisBackplane\.client(\[0\])?: must be /);
    },
  );
});
