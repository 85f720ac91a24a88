/** Close causes as WebSocket close frames and back, and the table of PROTOCOL.md. */
import { readFileSync } from "node:fs";
import { ERRORS, type ErrorCode, type ErrorFact } from "@bellwire/core";
import { closeCause, closeFrame } from "@bellwire/core/adapter";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { holds } from "./property.ts";

const codes = Object.keys(ERRORS) as ErrorCode[];
const numberOf = (code: ErrorCode): number | undefined => (ERRORS[code] as ErrorFact).close;
const closing = codes.filter((code) => numberOf(code) !== undefined);
const numbers = closing.map(numberOf);

describe("a close frame", () => {
  it.each(closing)("carries %s there and back, with and without a delay", (code) => {
    for (const cause of [{ code }, { code, retryAfter: 0 }, { code, retryAfter: 86_400_000 }]) {
      const { number, reason } = closeFrame(cause);
      expect(number).toBe(numberOf(code));
      expect(closeCause(number, reason)).toEqual(cause);
    }
  });

  it.each(closing)("that lost its reason on the way still says %s", (code) => {
    const { number } = closeFrame({ code, retryAfter: 5_000 });
    expect(closeCause(number, "")).toEqual({ code });
  });

  it("has a number that a WebSocket may send, but for the one that says that there was no frame", () => {
    for (const number of numbers.filter((number) => number !== 1006)) {
      expect([1000, 1001, 1009, 1011].includes(number ?? 0) || (number ?? 0) >= 4000).toBe(true);
      expect(number).toBeLessThan(5000);
    }
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  it("has a reason of at most 123 bytes, which no text of the cause gets into", () => {
    for (const code of codes) {
      const { reason } = closeFrame({ code, reason: "of the application: secret", retryAfter: 1e9 });
      expect(reason).not.toContain("secret");
      expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(123);
    }
  });

  it("rounds a delay up, and drops one that is no number of milliseconds", () => {
    expect(closeFrame({ code: "draining", retryAfter: 0.1 }).reason).toBe("draining;retryAfter=1");
    for (const retryAfter of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e30]) {
      const { number, reason } = closeFrame({ code: "draining", retryAfter });
      expect(closeCause(number, reason)).toEqual({ code: "draining" });
    }
  });

  it("from a page, which may not send most numbers, says by 4000 and its reason what it means", () => {
    for (const code of codes) expect(closeCause(4000, closeFrame({ code }).reason)).toEqual({ code });
    expect(closeCause(4000, "whatever")).toEqual({ code: "link_lost" });
  });

  it("ends with the number for a failed server when the code has none of its own", () => {
    for (const code of codes.filter((code) => numberOf(code) === undefined)) {
      expect(closeFrame({ code }).number).toBe(1011);
    }
  });
});

describe("a close frame of somebody else", () => {
  it("means that it is worth trying again, unless its number is one of ours that says otherwise", () => {
    const final = closing.filter((code) => !ERRORS[code].retryable).map(numberOf);
    for (let number = 0; number < 5_000; number++) {
      const { code } = closeCause(number, "");
      expect([number, ERRORS[code].retryable]).toEqual([number, !final.includes(number)]);
    }
    expect(closeCause(Number.NaN, "").code).toBe("link_lost");
  });

  it("means what its number says, also when its reason reads like a code of ours", () => {
    for (const said of codes) {
      expect(closeCause(1001, said)).toEqual({ code: "draining" });
      expect(closeCause(1006, `${said};retryAfter=7`)).toEqual({ code: "link_lost", retryAfter: 7 });
    }
  });

  it.each([
    [1002, "malformed"],
    [1007, "malformed"],
    [1012, "draining"],
    [1013, "overloaded"],
    [1005, "link_lost"],
    [1015, "link_lost"],
    [3000, "link_lost"],
  ])("with %i means %s", (number, code) => {
    expect(closeCause(number, "going away")).toEqual({ code });
  });

  it("of any reason at all gives a code that exists and a delay that is one", () => {
    const anyReason = fc.oneof(
      fc.string({ unit: "binary" }),
      fc
        .tuple(fc.constantFrom(...codes, "constructor", "__proto__", ""), fc.string())
        .map(([code, delay]) => `${code};retryAfter=${delay}`),
    );
    holds(
      fc.property(fc.integer(), anyReason, (number, reason) => {
        const cause = closeCause(number, reason);
        expect(codes).toContain(cause.code);
        expect(cause.retryAfter ?? 0).toBeGreaterThanOrEqual(0);
        expect(Object.keys(cause)).toEqual(
          cause.retryAfter === undefined ? ["code"] : ["code", "retryAfter"],
        );
      }),
      10_000,
    );
  });
});

describe("PROTOCOL.md", () => {
  const text = readFileSync(new URL("../../../PROTOCOL.md", import.meta.url), "utf8");
  const section = text.split("\n## Failure\n")[1]?.split("\n## ")[0] ?? "";
  const rows = Array.from(
    section.matchAll(/^\| `(\w+)` \| (\d{4}|–) \| (yes|no) \| \S/gm),
    ([, code, close, retryable]) => ({
      code: code as ErrorCode,
      close: close === "–" ? undefined : Number(close),
      retryable: retryable === "yes",
    }),
  );

  it("lists the codes that travel, each with its number and whether it is worth trying again", () => {
    expect(rows.length).toBeGreaterThan(10);
    for (const { code, close, retryable } of rows) {
      expect({ code, close, retryable }).toEqual({
        code,
        close: numberOf(code),
        retryable: ERRORS[code]?.retryable,
      });
    }
  });

  it("names every code exactly once, those that never travel in a sentence", () => {
    const sentence = /^In a program, (.+) also occur; they never travel\.$/m.exec(section)?.[1] ?? "";
    const local = Array.from(sentence.matchAll(/`(\w+)`/g), ([, code]) => code);
    const named = [...rows.map(({ code }) => code), ...local];
    expect(named).toHaveLength(codes.length);
    expect(new Set(named)).toEqual(new Set(codes));
    for (const code of local) expect(numberOf(code as ErrorCode)).toBeUndefined();
  });
});
