/** The grammar of names, ids and patterns. */
import { isName, needsAuthorization } from "@bellwire/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePattern, isId } from "../src/protocol/topics.ts";
import { holds } from "./property.ts";

const NAME_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-=@,.;";

describe("a name", () => {
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
    const match = compilePattern("a.b-c");
    expect(match("a.b-c")).toEqual({});
    for (const other of ["axb-c", "a.b-c ", "a.b", "A.b-c", "a.b-c\n", ""])
      expect(match(other)).toBeUndefined();
  });

  it("has parameters that stand for one or more characters up to the next dot", () => {
    const match = compilePattern("chat.{room}.by-{user}");
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
        const match = compilePattern(`x${literal}.{a}.${literal}.{b}`);
        expect(match(`x${literal}.${first}.${literal}.${second}`)).toEqual({ a: first, b: second });
      }),
      5_000,
    );
  });

  it("may name a parameter like something that every object has, and pollutes nothing", () => {
    const params = compilePattern("{__proto__}.{constructor}")("a.b") ?? {};
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
  ])("is not %j", (pattern) => expect(() => compilePattern(pattern)).toThrow(TypeError));

  it("answers in time, however a hostile topic is made for it", () => {
    const match = compilePattern("{year}-{month}-{day}x");
    const started = performance.now();
    for (let n = 0; n < 100; n++) expect(match("-".repeat(164))).toBeUndefined();
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
