/** Positions in a storage such as `localStorage`, whatever that storage does. */
import type { Position } from "@bellwire/core";
import { storedPositions } from "@bellwire/core/client";
import fc from "fast-check";
import { expect, it } from "vitest";
import { holds } from "./property.ts";

const memory = (texts: Map<string, string> = new Map()) => ({
  texts,
  getItem: (key: string) => texts.get(key) ?? null,
  setItem: (key: string, value: string) => void texts.set(key, value),
});
const fail = (): never => {
  throw new DOMException("secret", "QuotaExceededError");
};

it("returns the position that was saved last, for each topic by itself", () => {
  const storage = memory();
  const anyTopic = fc.constantFrom("a", "a.b", "__proto__", "constructor", "getItem");
  const anyPosition = fc.record({ epoch: fc.stringMatching(/^[!-~]{1,64}$/), offset: fc.maxSafeNat() });
  holds(
    fc.property(fc.array(fc.tuple(anyTopic, anyPosition)), (saves) => {
      storage.texts.clear();
      const last = new Map<string, Position>();
      for (const [topic, position] of saves) {
        storedPositions(storage).save(topic, position);
        last.set(topic, position);
      }
      // Another object, as after a page was loaded again.
      const positions = storedPositions(storage);
      for (const [topic, position] of last) expect(positions.load(topic)).toEqual(position);
      expect(positions.load("never saved")).toBeUndefined();
    }),
    1_000,
  );
});

it("keeps to its prefix, so that several channels can share a storage", () => {
  const storage = memory();
  const [one, two] = [storedPositions(storage), storedPositions(storage, "two:")];
  one.save("t", { epoch: "e", offset: 1 });
  two.save("t", { epoch: "e", offset: 2 });
  expect([one.load("t")?.offset, two.load("t")?.offset]).toEqual([1, 2]);
  expect(Array.from(storage.texts.keys())).toEqual(["bellwire:t", "two:t"]);
});

it("costs the catch-up and nothing else when the storage is full, forbidden or gone", () => {
  for (const storage of [
    { getItem: fail, setItem: fail },
    { getItem: () => null, setItem: fail },
    undefined as unknown as Storage,
  ]) {
    const positions = storedPositions(storage);
    expect(() => positions.save("t", { epoch: "e", offset: 1 })).not.toThrow();
    expect(positions.load("t")).toBeUndefined();
  }
});

it.each([
  "",
  "null",
  "{",
  "1",
  "[]",
  "{}",
  '"e/1"',
  '{"epoch":"e"}',
  '{"epoch":"e","offset":-1}',
  '{"epoch":"e","offset":1.5}',
  '{"epoch":"e","offset":1e999}',
  '{"epoch":"","offset":1}',
  '{"epoch":1,"offset":1}',
  `{"epoch":"${"e".repeat(65)}","offset":1}`,
  '{"__proto__":{"epoch":"e","offset":1}}',
  "[".repeat(100_000),
])("starts from now when what is stored is %s", (text) => {
  expect(storedPositions(memory(new Map([["bellwire:t", text]]))).load("t")).toBeUndefined();
  expect(Object.keys(Object.prototype)).toEqual([]);
});

it("returns no position for anything else in the storage", () => {
  holds(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const position = storedPositions(memory(new Map([["bellwire:t", text]]))).load("t");
      if (position) expect(Number.isSafeInteger(position.offset) && position.offset >= 0).toBe(true);
    }),
    2_000,
  );
});
