/** Every option against values that it must refuse, and the schema of the configuration. */
import { readFileSync } from "node:fs";
import { pgliteFrom, postgresBackplane, postgresFrom, postgresPublisher } from "@bellwire/backplane-postgres";
import { defineTopics } from "@bellwire/core";
import { OPTION_SECRET, optionConformance } from "@bellwire/core/conformance";
import { backplaneFrom } from "@bellwire/core/server";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";

const database = { query: async () => ({ rows: [] }), listen: async () => async () => {} };
const topics = defineTopics({});

const names = {
  schema: ["undefined", "a name", "a string", "reject"],
  prefix: ["undefined", "a name", "a string", "reject"],
};
const common = {
  ...names,
  history: ["undefined", "an object", "a URL object"],
  timeout: ["undefined", "one"],
  absent: ["undefined", "reject"],
  trusted: ["undefined", "true", "false"],
  onError: ["undefined", "a function"],
};
const more = {
  "a name": "bellwire_1",
  reject: "reject",
  "a database's URL": `postgres://user:${OPTION_SECRET}@127.0.0.1:1/x`,
};

/** Calls a function that must check its options before it does anything. */
function checked(make: (options: never) => Promise<unknown>) {
  return (options: unknown): void => {
    make(options as never).catch(() => {});
  };
}

optionConformance(
  [
    {
      path: "postgresBackplane",
      make: (options) => postgresBackplane(database, options as never),
      given: {},
      keys: common,
    },
    {
      path: "postgresPublisher",
      make: (options) => postgresPublisher(options as never),
      given: { topics },
      keys: { ...names, topics: [], messageBytes: ["undefined", "one"] },
    },
    {
      path: "postgresFrom",
      make: checked(postgresFrom),
      given: { url: "postgres://127.0.0.1:1/x", timeout: 1, onError: () => {} },
      keys: { ...common, url: ["a database's URL"] },
    },
  ],
  { describe, it },
  more,
);

describe("a configuration", () => {
  const providers = { postgres: () => postgresFrom, pglite: () => pgliteFrom };

  it.each([
    [
      { provider: "postgres", url: `mysql://user:${OPTION_SECRET}@host/x` },
      "config.backplane.url: must be a URL that begins with postgres:// or postgresql://",
    ],
    [
      { provider: "postgres" },
      "config.backplane.url: must be a URL that begins with postgres:// or postgresql://",
    ],
    [
      { provider: "postgres", url: "postgres://h/x", history: { size: -1 } },
      "config.backplane.history.size: must be a whole number of at least 0",
    ],
    [{ provider: "pglite", directory: "" }, "config.backplane.directory: must be a non-empty string"],
    [
      { provider: "pglite", directory: "x", prefix: "A" },
      "config.backplane.prefix: must be 1 to 30 of a-z 0-9 _, not beginning with a digit",
    ],
  ])("names the path of a wrong key: %j", async (backplane, message) => {
    await expect(backplaneFrom({ backplane }, providers)).rejects.toMatchObject({
      code: "invalid_option",
      message,
    });
  });

  it("is what the published schema permits", () => {
    const schema = JSON.parse(
      readFileSync(new URL("../config.schema.json", import.meta.url), "utf8"),
    ) as object;
    const valid = new Ajv2020({ allErrors: true }).compile(schema);
    for (const value of [
      {
        provider: "postgres",
        url: "postgres://user:word@host:5432/x?sslmode=require",
        absent: "wait",
        trusted: true,
      },
      {
        provider: "pglite",
        directory: "./data",
        prefix: "a",
        schema: "b",
        history: { size: 1, ttl: 0, bytes: 2 },
        timeout: 1,
      },
    ])
      expect(valid(value), JSON.stringify(valid.errors)).toBe(true);
    for (const value of [
      "postgres",
      { provider: "postgres" },
      { provider: "postgres", url: "mysql://host/x" },
      { provider: "postgres", url: "postgres://host/x", directory: "." },
      { provider: "pglite", directory: "", timeout: 1 },
      { provider: "pglite", directory: "x", prefix: "A" },
      { provider: "pglite", directory: "x", history: { ids: 1 } },
    ])
      expect(valid(value), JSON.stringify(value)).toBe(false);
  });
});

describe("postgresBackplane", () => {
  it.each([[undefined], [null], [{}], [{ query: () => {} }], [() => {}], ["postgres://host/x"]])(
    "refuses %j as a database",
    (value) => {
      expect(() => postgresBackplane(value as never)).toThrow(
        /^postgresBackplane\.database: must be a Pool of pg, /,
      );
    },
  );
});
