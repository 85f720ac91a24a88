/** Positions in a storage such as `localStorage`, whatever that storage does. */
import type { Position } from "@bellwire/core";
import { storedPositions } from "@bellwire/core/client";
import { settle } from "@bellwire/core/conformance";
import { IDBFactory } from "fake-indexeddb";
import fc from "fast-check";
import * as idb from "idb-keyval";
import { describe, expect, it, onTestFinished, vi } from "vitest";
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

describe("in a store with promises", () => {
  /** A store that does one thing at a time, when a test says so. */
  function slow(entries: Iterable<readonly [string, unknown]> = []) {
    const values = new Map<string, unknown>(entries);
    const waiting: (() => void)[] = [];
    const writes: [string, unknown][] = [];
    return {
      values,
      writes,
      /** Does what was asked for so far. */
      work: async (): Promise<void> => {
        for (const act of waiting.splice(0)) act();
        await settle();
      },
      store: {
        get: async (key: string) => values.get(key),
        set: (key: string, value: unknown) => {
          writes.push([key, value]);
          return new Promise<void>((resolve) => waiting.push(() => resolve(void values.set(key, value))));
        },
        del: async () => {},
        keys: async () => Array.from(values.keys()),
      },
    };
  }
  const at = (offset: number): Position => ({ epoch: "e", offset });

  it("has those that were stored, once it is loaded, and nothing else", async () => {
    const { store } = slow([
      ["bellwire:a", at(3)],
      ["bellwire:b", "3"],
      ["other:c", at(4)],
    ]);
    const positions = await storedPositions({
      ...store,
      keys: async () => [1, ["x"], ...(await store.keys())],
    });
    expect(["a", "b", "c", "other:c"].map((topic) => positions.load(topic))).toEqual([
      at(3),
      undefined,
      undefined,
      undefined,
    ]);
    const others = await storedPositions(store, "other:");
    expect(others.load("c")).toEqual(at(4));
  });

  it("stores the newest of each topic behind the deliveries, one at a time", async () => {
    const { store, values, writes, work } = slow();
    const positions = await storedPositions(store);
    for (let offset = 1; offset <= 1_000; offset++) positions.save("a", at(offset));
    positions.save("b", at(1));
    expect(positions.load("a")).toEqual(at(1_000));
    expect(writes).toEqual([
      ["bellwire:a", at(1)],
      ["bellwire:b", at(1)],
    ]);
    await work();
    await work();
    expect(values.get("bellwire:a")).toEqual(at(1_000));
    expect(writes).toHaveLength(3);
    positions.save("a", at(1_001));
    await work();
    expect(values.get("bellwire:a")).toEqual(at(1_001));
  });

  it("costs the catch-up and nothing else when the store fails, or is silent for 5 s", async () => {
    const failing = {
      get: () => Promise.reject(new Error("secret")),
      set: () => Promise.reject(new Error("secret")),
      del: async () => {},
      keys: () => Promise.reject(new Error("secret")),
    };
    const positions = await storedPositions(failing);
    positions.save("a", at(1));
    positions.save("a", at(2));
    await settle();
    expect(positions.load("a")).toEqual(at(2));
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const silent = storedPositions({ ...failing, keys: () => new Promise<never>(() => {}) });
    await vi.advanceTimersByTimeAsync(5_000);
    expect((await silent).load("a")).toBeUndefined();
  });

  it("takes idb-keyval as it is, over IndexedDB", async () => {
    vi.stubGlobal("indexedDB", new IDBFactory());
    onTestFinished(() => void vi.unstubAllGlobals());
    (await storedPositions(idb)).save("a", at(7));
    await expect.poll(async () => (await storedPositions(idb)).load("a")).toEqual(at(7));
  });
});
