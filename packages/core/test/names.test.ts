/** The grammar of topics, events, ids and patterns, and the look-up of a topic. */
import { isEventName, isName, needsAuthorization } from "@bellwire/core/adapter";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isId, type TopicParams } from "../src/protocol/names.ts";
import { indexPatterns, parsePattern } from "../src/protocol/patterns.ts";
import { holds } from "./property.ts";

/** Looks topics up among one pattern. */
function matcher(pattern: string): (topic: string) => TopicParams | undefined {
  const find = indexPatterns([parsePattern(pattern)]);
  return (topic) => find(topic)?.params;
}

/**
 * The meaning of a pattern, by the regular expression that it stands for: exact, and far too slow
 * for some topics.
 */
function oracle(pattern: string): (topic: string) => TopicParams | undefined {
  const names = Array.from(pattern.matchAll(/\{(\w+)\}/g), ([, name]) => name as string);
  const source = pattern.split(/\{\w+\}/).map((part) => part.replaceAll(".", "\\."));
  const expression = new RegExp(`^${source.join("([^.]+)")}$`);
  return (topic) => {
    const match = expression.exec(topic);
    return match ? Object.fromEntries(names.map((name, n) => [name, match[n + 1] as string])) : undefined;
  };
}

const NAME_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-=@,.;";

describe("a topic", () => {
  it("consists of exactly the characters that Pusher allows", () => {
    for (let code = 0; code < 0x300; code++) {
      const character = String.fromCharCode(code);
      expect([code, isName(`x${character}`)]).toEqual([code, NAME_CHARACTERS.includes(character)]);
    }
  });

  it.each([
    "",
    "$x",
    "#x",
    "pusher",
    "pusher_internal",
    "__x",
    "__proto__",
    "a".repeat(165),
    "a\n",
    "ä",
    "\ud800",
  ])("is not %j", (value) => expect(isName(value)).toBe(false));

  it.each(["a", "_x", "-", "=@,.;", "Pusher", "apusher", "x__", "constructor", "a".repeat(164), "private-a"])(
    "may be %j",
    (value) => expect(isName(value)).toBe(true),
  );

  it.each([undefined, null, 1, {}, ["a"], new String("a"), { toString: () => "a" }])(
    "is never %j",
    (value) => {
      expect(isName(value)).toBe(false);
      expect(isId(value)).toBe(false);
    },
  );

  it("needs an authorization when it begins with private- or presence-, as bytes and not by look", () => {
    expect(["private-a", "presence-a", "private-"].map(needsAuthorization)).toEqual([true, true, true]);
    expect(["private", "Private-a", "privat-e", "a.private-b"].map(needsAuthorization)).toEqual(
      Array(4).fill(false),
    );
  });
});

describe("an event's name", () => {
  it.each([
    "completed",
    "order:shipped",
    "App\\Events\\OrderShipped",
    "Illuminate\\Notifications\\Events\\BroadcastNotificationCreated",
    "client-typing",
    "user/joined",
    'said "hello"',
    "order shipped",
    "заказ:отправлен",
    "🔔",
    "pusher",
    "pusher.sent",
    "bellwired",
    "_x",
    "**",
    "connect",
    "constructor",
    "x".repeat(200),
    "🔔".repeat(200),
  ])("may be %j", (value) => expect(isEventName(value)).toBe(true));

  it.each([
    "",
    " ",
    " x",
    "x ",
    "x\n",
    "a\nb",
    "a\rb",
    "a\0b",
    "a\u007fb",
    "a\u0085b",
    "a\u2028b",
    "a\u202eb",
    "\ufeffx",
    "\ud800",
    "x".repeat(201),
    "🔔".repeat(201),
    "*",
    "pusher:ping",
    "pusher_internal:subscription_succeeded",
    "bellwire:gap",
    "bellwire-ready",
    "__presence",
  ])("is not %j", (value) => expect(isEventName(value)).toBe(false));

  it.each([undefined, null, 1, {}, ["a"], new String("a")])("is never %j", (value) =>
    expect(isEventName(value)).toBe(false),
  );

  it("may consist of every printable ASCII character", () => {
    for (let code = 0; code < 0x80; code++)
      expect([code, isEventName(`a${String.fromCharCode(code)}b`)]).toEqual([
        code,
        code >= 0x20 && code < 0x7f,
      ]);
  });
});

describe("an id", () => {
  it("is 1 to 64 printable ASCII characters without a space", () => {
    for (let code = 0; code < 0x300; code++)
      expect([code, isId(String.fromCharCode(code))]).toEqual([code, code > 0x20 && code < 0x7f]);
    expect([isId(""), isId("x".repeat(64)), isId("x".repeat(65)), isId("x\n")]).toEqual([
      false,
      true,
      false,
      false,
    ]);
  });
});

describe("a pattern", () => {
  it("without parameters matches itself and nothing else", () => {
    const match = matcher("a.b-c");
    expect(match("a.b-c")).toEqual({});
    for (const other of ["axb-c", "a.b-c ", "a.b", "A.b-c", "a.b-c\n", ""])
      expect(match(other)).toBeUndefined();
  });

  it("has parameters that stand for one or more characters up to the next dot", () => {
    const match = matcher("chat.{room}.by-{user}");
    expect(match("chat.a,b.by-42")).toEqual({ room: "a,b", user: "42" });
    for (const other of [
      "chat..by-1",
      "chat.a.b.by-1",
      "chat.a.by-",
      "xchat.a.by-1",
      "chat.a.by-1.x",
      "chatxa.by-1",
    ])
      expect(match(other)).toBeUndefined();
  });

  it("gives back what was put in, whatever was put in", () => {
    const anyPart = fc.stringMatching(/^[A-Za-z0-9_\-=@,;]{1,10}$/);
    holds(
      fc.property(anyPart, anyPart, anyPart, (first, second, literal) => {
        const match = matcher(`x${literal}.{a}.${literal}.{b}`);
        expect(match(`x${literal}.${first}.${literal}.${second}`)).toEqual({ a: first, b: second });
      }),
      5_000,
    );
  });

  it("may name a parameter like something that every object has, and pollutes nothing", () => {
    const params = matcher("{__proto__}.{constructor}")("a.b") ?? {};
    expect(Object.entries(params)).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
    ]);
    expect(Object.getPrototypeOf(params)).toBe(Object.prototype);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });

  it.each([
    "",
    "{}",
    "{a",
    "a}",
    "{a-b}",
    "{1a}",
    "{a}{b}",
    "{a}.{a}",
    "$x",
    "pusher.{a}",
    "__x",
    "a b",
    "{a b}",
    "x".repeat(165),
  ])("is not %j", (pattern) => expect(() => matcher(pattern)).toThrow(TypeError));

  it("matches as the regular expression would that it stands for, the first parameter taking as much as it can", () => {
    const literal = fc.stringMatching(/^[ab.-]{0,3}$/);
    const anyPattern = fc
      .tuple(
        fc.array(
          literal.filter((text) => text !== ""),
          { maxLength: 3 },
        ),
        literal,
        literal,
      )
      .map(([between, head, tail]) => {
        const inner = [head, ...between, tail];
        return inner.map((text, n) => (n < inner.length - 1 ? `${text}{p${n}}` : text)).join("");
      });
    const anyTopic = fc.stringMatching(/^[ab.-]{1,14}$/);
    const anyValues = fc.option(fc.array(fc.stringMatching(/^[ab-]{1,4}$/), { minLength: 4, maxLength: 4 }));
    let matched = 0;
    holds(
      fc.property(anyPattern, anyTopic, anyValues, (pattern, any, values) => {
        const topic = values
          ? pattern.replace(/\{p(\d)\}/g, (_, n: string) => values[Number(n)] as string)
          : any;
        const expected = oracle(pattern)(topic);
        if (expected) matched += 1;
        expect([pattern, topic, matcher(pattern)(topic)]).toEqual([pattern, topic, expected]);
      }),
      5_000,
    );
    expect(matched).toBeGreaterThan(4_000);
  });

  it("is found first in the order of definition, however many are there", () => {
    const anyPattern = fc
      .array(fc.constantFrom("a", "b", "{}", "a{}", "{}b", "a{}b", "{}-{}", "a{}-{}", "{}-a-{}", "{}-b-{}"), {
        minLength: 1,
        maxLength: 3,
      })
      .map((segments) => {
        let n = 0;
        return segments.join(".").replace(/\{\}/g, () => `{p${n++}}`);
      });
    const anyTopic = fc
      .array(fc.stringMatching(/^[ab-]{1,5}$/), { minLength: 1, maxLength: 3 })
      .map((segments) => segments.join("."));
    let matched = 0;
    holds(
      fc.property(fc.array(anyPattern, { maxLength: 12 }), anyTopic, (patterns, topic) => {
        const index = patterns.findIndex((pattern) => oracle(pattern)(topic));
        const expected = index < 0 ? undefined : { index, params: oracle(patterns[index] as string)(topic) };
        if (expected) matched += 1;
        expect(indexPatterns(patterns.map(parsePattern))(topic)).toEqual(expected);
      }),
      3_000,
    );
    expect(matched).toBeGreaterThan(300);
  });

  it.each<[string, string, string]>([
    ["dashes", "{a}-{b}-{c}-{d}-{e}-{f}-{g}-{h}-{i}-{j}x", "-".repeat(164)],
    ["pairs", "{a}-{b}-{c}-{d}-{e}-{f}-{g}-{h}-{i}-{j}x", "a-".repeat(82)],
    ["a long literal that almost fits", `{a}${"-".repeat(80)}b{c}x`, `${"-".repeat(163)}x`],
    [
      "82 parameters",
      Array.from({ length: 82 }, (_, n) => `{p${n}}`).join("-"),
      "-".repeat(100) + "a".repeat(64),
    ],
    ["dots", "{a}.{b}.{c}.{d}.{e}.{f}.{g}.{h}.{i}.{j}", ".".repeat(164)],
  ])("answers within a millisecond to a hostile topic of 164 characters: %s", (_, pattern, topic) => {
    const match = matcher(pattern);
    let fastest = Number.POSITIVE_INFINITY;
    for (let n = 0; n < 20; n++) {
      const started = performance.now();
      expect(match(topic)).toBeUndefined();
      fastest = Math.min(fastest, performance.now() - started);
    }
    expect(fastest).toBeLessThan(1);
  });
});
