/** Every option of core against everything that an option must not be. */
import { BellwireError, conflated, defineTopics, type } from "@bellwire/core";
import { createChannel, fallback } from "@bellwire/core/client";
import { VirtualClock } from "@bellwire/core/conformance";
import { memoryTransport } from "@bellwire/core/memory";
import { createHub, DEFAULT_LIMITS, memoryBackplane } from "@bellwire/core/server";
import { describe, expect, it } from "vitest";
import { optionOf, withDefaults } from "../src/options.ts";

const SECRET = "s3cr3t";
const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;

const VALUES = {
  undefined: undefined,
  null: null,
  NaN: Number.NaN,
  "minus one": -1,
  zero: 0,
  one: 1,
  "a half": 0.5,
  "a huge number": Number.MAX_VALUE,
  Infinity: Number.POSITIVE_INFINITY,
  "a bigint": 1n,
  true: true,
  "an empty string": "",
  "a string": SECRET,
  "a huge string": SECRET.repeat(20_000),
  "an array": [],
  "an array of strings": [SECRET],
  "an object": {},
  "an object that is unknown": { [SECRET]: SECRET },
  "a cycle": cyclic,
  "a function": () => SECRET,
  "a symbol": Symbol(SECRET),
} as const;
type ValueName = keyof typeof VALUES;
const names = Object.keys(VALUES) as ValueName[];

const ALWAYS: readonly ValueName[] = ["undefined"];
const FUNCTION: readonly ValueName[] = ["undefined", "a function"];
const OBJECT: readonly ValueName[] = ["undefined", "an object"];
const WHOLE: readonly ValueName[] = ["undefined", "one"];
const MILLISECONDS: readonly ValueName[] = ["undefined", "one", "a half", "a huge number", "Infinity"];

const topics = defineTopics({ "news.{name}": { said: type<string>() } });
const hub = createHub({ topics, clock: new VirtualClock() });
const transport = memoryTransport(hub);
const clock = new VirtualClock();

/**
 * An option object: how it is called in errors, what makes it, and what each of its keys may be.
 */
interface Options {
  readonly path: string;
  readonly make: (options: unknown) => unknown;
  /** Keys without which there is nothing to check the others of. */
  readonly given?: Readonly<Record<string, unknown>>;
  readonly keys: Readonly<Record<string, readonly ValueName[]>>;
  /** Whether the whole may be absent. */
  readonly optional: boolean;
}

const OPTIONS: readonly Options[] = [
  {
    path: "createHub",
    make: (options) => createHub(options as never),
    given: { topics, clock },
    keys: {
      topics: [],
      authenticate: FUNCTION,
      authorize: FUNCTION,
      slowConsumers: OBJECT,
      backplane: ALWAYS,
      broadcasters: ["undefined", "an array"],
      limits: OBJECT,
      clock: ALWAYS,
      onError: FUNCTION,
    },
    optional: false,
  },
  {
    path: "createHub.limits",
    make: (limits) => createHub({ topics, clock, limits: limits as never }),
    keys: Object.fromEntries(Object.keys(DEFAULT_LIMITS).map((key) => [key, WHOLE])),
    optional: true,
  },
  {
    path: "createHub.slowConsumers",
    make: (slowConsumers) => createHub({ topics, clock, slowConsumers: slowConsumers as never }),
    keys: { "news.{name}": ALWAYS },
    optional: true,
  },
  {
    path: "createChannel",
    make: (options) => createChannel(options as never),
    given: { topics, transport },
    keys: {
      topics: [],
      transport: [],
      requires: ["undefined", "an array"],
      token: FUNCTION,
      positions: ALWAYS,
      backoff: OBJECT,
      suspendAfter: MILLISECONDS,
      clock: ALWAYS,
      random: FUNCTION,
    },
    optional: false,
  },
  {
    path: "createChannel.backoff",
    make: (backoff) => createChannel({ topics, transport, backoff: backoff as never }),
    keys: { base: MILLISECONDS, cap: MILLISECONDS },
    optional: true,
  },
  {
    path: "memoryBackplane",
    make: (options) => memoryBackplane(options as never),
    keys: { history: OBJECT, clock: ALWAYS },
    optional: true,
  },
  {
    path: "memoryBackplane.history",
    make: (history) => memoryBackplane({ clock, history: history as never }),
    keys: Object.fromEntries(["size", "ttl", "bytes"].map((key) => [key, [...WHOLE, "zero"] as const])),
    optional: true,
  },
  {
    path: "fallback",
    make: (options) => fallback([transport], options as never),
    keys: { policy: ALWAYS, timeout: MILLISECONDS, clock: ALWAYS },
    optional: true,
  },
  {
    path: "conflated",
    make: (options) => conflated(type(), options as never),
    keys: { key: FUNCTION },
    optional: true,
  },
];

/** The error that was thrown; undefined when there was none. */
function thrown(make: () => unknown): unknown {
  try {
    make();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** A refusal names the path and what is allowed, and shows nothing of the value. */
function expectRefusal(error: unknown, path: string): void {
  expect(error).toBeInstanceOf(BellwireError);
  const { code, message } = error as BellwireError;
  expect(code).toBe("invalid_option");
  expect(message.startsWith(path), `${message} is not about ${path}`).toBe(true);
  expect(message).toMatch(/: (must be|missing in) \S/);
  expect(message.length).toBeLessThan(1_000);
}

describe.each(OPTIONS)("$path", ({ path, make, given = {}, keys, optional }) => {
  it("takes what is right without more", () => {
    expect(thrown(() => make(given))).toBeUndefined();
  });

  it.each(names)("as a whole, refuses or takes %s", (name) => {
    const error = thrown(() => make(VALUES[name]));
    if (name === "undefined" && optional) expect(error).toBeUndefined();
    else if (name === "an object" && optional) expect(error).toBeUndefined();
    else expectRefusal(error, path);
  });

  it.each(Object.keys(keys))("takes of %s what it may be, refuses all else, given or inherited", (key) => {
    const others = Object.fromEntries(Object.entries(given).filter(([name]) => name !== key));
    for (const name of names) {
      const value: unknown = VALUES[name];
      const allowed = keys[key]?.includes(name);
      for (const options of [
        { ...others, [key]: value },
        Object.assign(Object.create({ [key]: value }) as object, others),
      ]) {
        const error = thrown(() => make(options));
        if (allowed) expect([name, error]).toEqual([name, undefined]);
        else {
          expectRefusal(error, `${path}.${key}`);
          // The name of an unknown key in it is the one thing that may be shown.
          if (name !== "an object that is unknown") expect((error as Error).message).not.toContain(SECRET);
        }
      }
    }
  });

  it("refuses a key that it does not know, and names those that it does", () => {
    const error = thrown(() => make({ ...given, unknwon: SECRET }));
    expectRefusal(error, `${path}.unknwon`);
    expect((error as Error).message).not.toContain(SECRET);
    for (const key of Object.keys(keys)) expect((error as Error).message).toContain(key);
  });

  it("ignores what is inherited and unknown, as from a class", () => {
    const options = Object.assign(Object.create({ unknwon: 1, toString: () => "" }) as object, given);
    expect(thrown(() => make(options))).toBeUndefined();
  });
});

describe("options", () => {
  it("are read as they were checked, also where they are inherited", () => {
    class Config {
      get messageBytes() {
        return 10;
      }
    }
    expect(createHub({ topics, clock, limits: new Config() }).maxMessageBytes).toBe(10);
    expect(withDefaults({ a: 1, b: 2, c: 3 }, Object.create({ a: 4, b: undefined }) as object)).toEqual({
      a: 4,
      b: 2,
      c: 3,
    });
  });

  it("may be named like something that every object has", () => {
    const map = { constructor: { said: type() }, toString: { said: type() } };
    const make = (slowConsumers: object) =>
      createHub({ topics: defineTopics(map), clock, slowConsumers: slowConsumers as never });
    expect(thrown(() => make({}))).toBeUndefined();
    expect(thrown(() => make({ constructor: "drop" }))).toBeUndefined();
    expectRefusal(
      thrown(() => make({ constructor: 1 })),
      "createHub.slowConsumers.constructor",
    );
    expect(optionOf({}, "constructor")).toBeUndefined();
    expect(optionOf(Object.create(null) as object, "constructor")).toBeUndefined();
    expect(optionOf({ constructor: 1 }, "constructor")).toBe(1);
  });

  it("of a hub name a contract that defineTopics returns, and nothing that only looks like it", () => {
    const alike = { topic: () => undefined, event: () => undefined };
    expectRefusal(
      thrown(() => createHub({ topics: alike as never })),
      "createHub.topics",
    );
  });

  it("that contradict each other stay within the stricter", () => {
    expect(
      thrown(() => createChannel({ topics, transport, backoff: { base: 5_000, cap: 1 } })),
    ).toBeUndefined();
    const limits = { messageRate: 100, messageBurst: 1, queueBytes: 1, pingInterval: 1, pongTimeout: 1_000 };
    expect(thrown(() => createHub({ topics, clock, limits }))).toBeUndefined();
  });

  it.each([undefined, null, {}, [], [null], [{}], [transport, 1], "ws", transport])(
    "of fallback begin with transports, which %o is not",
    (wires) => {
      expectRefusal(
        thrown(() => fallback(wires as never)),
        "fallback.transports",
      );
    },
  );
});
