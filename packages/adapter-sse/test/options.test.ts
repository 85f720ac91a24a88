/** Every option of both halves against values that it must refuse. */
import { createServer } from "node:http";
import { sseTransport } from "@bellwire/adapter-sse/client";
import { attachSse, sseHandler } from "@bellwire/adapter-sse/server";
import { BellwireError } from "@bellwire/core";
import { describe, expect, it } from "vitest";
import { recordingHub } from "./recording-hub.ts";

const SECRET = "s3cr3t";
const cyclic: unknown[] = [];
cyclic.push(cyclic);

const VALUES: Readonly<Record<string, unknown>> = {
  undefined: undefined,
  null: null,
  NaN: Number.NaN,
  "minus one": -1,
  zero: 0,
  "a half": 0.5,
  one: 1,
  "a huge number": Number.MAX_VALUE,
  Infinity: Number.POSITIVE_INFINITY,
  true: true,
  false: false,
  "an empty string": "",
  "a string": SECRET,
  "a huge string": SECRET.repeat(20_000),
  "a path": `/${SECRET}`,
  "a path with a query": `/x?token=${SECRET}`,
  "a URL": "https://example.com/bellwire/sse",
  "a URL object": new URL("https://example.com/bellwire/sse"),
  "a WebSocket's URL": `ws://user:${SECRET}@example.com/`,
  "a star": "*",
  "an array": [],
  "an array of origins": ["https://example.com", "http://localhost:8080"],
  "an array of paths": [`https://example.com/${SECRET}`],
  "an array with a hole": [undefined],
  "a cycle": cyclic,
  "an object": {},
  "a function": () => SECRET,
  "a symbol": Symbol(SECRET),
};

const FUNCTION = ["undefined", "a function"];
const HANDLER = {
  allowedOrigins: ["undefined", "a star", "an array", "an array of origins"],
  allowQueryToken: ["undefined", "true", "false"],
  comment: ["undefined", "one"],
};
const OPTIONS = [
  {
    path: "sseTransport",
    make: (options: unknown) => sseTransport(options as never),
    given: { url: "https://example.com/bellwire/sse" },
    keys: { url: ["a URL", "a URL object"], headers: FUNCTION, fetch: FUNCTION },
  },
  {
    path: "attachSse",
    make: (options: unknown) => attachSse(recordingHub(), createServer(), options as never),
    given: {},
    keys: { ...HANDLER, path: ["undefined", "a path"] },
  },
  {
    path: "sseHandler",
    make: (options: unknown) => sseHandler(recordingHub(), options as never),
    given: {},
    keys: HANDLER,
  },
];

/** The error of a refusal; undefined when nothing was refused. */
function refusal(make: () => unknown): BellwireError | undefined {
  try {
    make();
  } catch (error) {
    if (error instanceof BellwireError) return error;
    throw error;
  }
  return undefined;
}

describe.each(OPTIONS)("$path", ({ path, make, given, keys }) => {
  it.each(Object.entries(keys))(
    "takes the legal values of %s, refuses all others, and never repeats a value",
    (key, may) => {
      for (const [name, value] of Object.entries(VALUES)) {
        for (const options of [
          { ...given, [key]: value },
          Object.create({ ...given, [key]: value }) as object,
        ]) {
          const error = refusal(() => make(options));
          if (may.includes(name)) expect([name, error]).toEqual([name, undefined]);
          else {
            expect([name, error?.code]).toEqual([name, "invalid_option"]);
            expect(error?.message).toMatch(new RegExp(`^${path}\\.${key}: must be \\S`));
            expect(error?.message).not.toContain(SECRET);
          }
        }
      }
    },
  );

  it("refuses values that are no object, and unknown keys", () => {
    for (const value of [null, Number.NaN, 0, "", SECRET, [], () => {}]) {
      const error = refusal(() => make(value));
      expect(error?.message).toMatch(new RegExp(`^${path}: must be an object$`));
    }
    const error = refusal(() => make({ ...given, token: SECRET }));
    expect(error?.message).toMatch(new RegExp(`^${path}\\.token: must be absent; known options are `));
    expect(error?.message).not.toContain(SECRET);
  });
});
