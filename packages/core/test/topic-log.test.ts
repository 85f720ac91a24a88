/** The log of one topic in memory, compared with a list that keeps everything. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Entry, History, NewEntry } from "../src/server/backplane.ts";
import { type HistoryCaps, TopicLog } from "../src/server/topic-log.ts";
import { holds } from "./property.ts";

const CAPS: HistoryCaps = { size: 256, ttl: 300_000, bytes: 1_048_576, ids: 16_384 };
const EVERYTHING = 1_000_000;
const MINUTES = 60_000;

const logOf = (caps: Partial<HistoryCaps> = {}): TopicLog => new TopicLog("e", { ...CAPS, ...caps });
const entry = (json = "1", id?: string): NewEntry => ({ event: "said", json, time: 0, id });
const at = (offset: number, epoch = "e") => ({ epoch, offset });
const offsetsOf = (entries: readonly Entry[]): number[] => entries.map(({ offset }) => offset);

/** The offsets that a read after a position gives, or the reason why it fails. */
function after(log: TopicLog, offset: number, now = 0, limit = EVERYTHING): readonly number[] | string {
  const history = log.read(at(offset), limit, now);
  return history.ok ? offsetsOf(history.entries) : history.reason;
}

describe("a topic's log", () => {
  it("numbers from 1, by exactly 1, and has a head with offset 0 before the first", () => {
    const log = logOf();
    expect(log.head).toEqual(at(0));
    expect([1, 2, 3].map(() => (log.append(entry(), 0) as Entry).offset)).toEqual([1, 2, 3]);
    expect(log.head).toEqual(at(3));
  });

  it("answers without a position with the newest entries, or with those below another", () => {
    const log = logOf({ size: 3 });
    for (let n = 0; n < 5; n++) log.append(entry(), 0);
    const page = (limit: number, before?: number): readonly number[] | string => {
      const history = log.read(undefined, limit, 0, before === undefined ? before : at(before));
      return history.ok ? offsetsOf(history.entries) : history.reason;
    };
    expect([page(0), page(2), page(9)]).toEqual([[], [4, 5], [3, 4, 5]]);
    expect([page(2, 6), page(2, 5), page(2, 4), page(2, 3)]).toEqual([[4, 5], [3, 4], [3], []]);
    expect([page(2, 1), page(2, 7)]).toEqual([[], "epoch"]);
    expect(log.read(undefined, 2, 0, at(3, "other")).ok).toBe(false);
  });

  it("gives everything after a position, all or nothing", () => {
    const log = logOf();
    for (let n = 0; n < 5; n++) log.append(entry(), 0);
    expect(after(log, 0)).toEqual([1, 2, 3, 4, 5]);
    expect(after(log, 3)).toEqual([4, 5]);
    expect(after(log, 5)).toEqual([]);
    expect(after(log, 2, 0, 3)).toEqual([3, 4, 5]);
    expect(after(log, 2, 0, 2)).toBe("limit");
  });

  it("answers epoch to a position above the head and to one of another epoch", () => {
    const log = logOf();
    log.append(entry(), 0);
    expect(after(log, 2)).toBe("epoch");
    expect(after(log, Number.MAX_SAFE_INTEGER)).toBe("epoch");
    expect(log.read(at(0, "E"), EVERYTHING, 0)).toEqual({ ok: false, head: at(1), reason: "epoch" });
  });

  it("keeps the newest 256, and answers evicted for the others", () => {
    const log = logOf();
    for (let n = 0; n < 1_000; n++) log.append(entry(), 0);
    expect(after(log, 744)).toHaveLength(256);
    expect(after(log, 743)).toBe("evicted");
    expect(after(log, 0)).toBe("evicted");
  });

  it("keeps entries for five minutes and no longer, also when nobody appends", () => {
    const log = logOf();
    log.append(entry(), 0);
    log.append(entry(), 1);
    expect(after(log, 0, 5 * MINUTES)).toEqual([1, 2]);
    expect(after(log, 0, 5 * MINUTES + 1)).toBe("evicted");
    expect(after(log, 1, 5 * MINUTES + 1)).toEqual([2]);
    expect(after(log, 1, 5 * MINUTES + 2)).toBe("evicted");
    expect(after(log, 2, 60 * MINUTES)).toEqual([]);
  });

  it("holds no more data than its cap, whatever the sizes, and evicts an entry above it at once", () => {
    const log = logOf({ bytes: 100_000 });
    for (let n = 1; n <= 50; n++) log.append(entry(JSON.stringify("x".repeat(n * 97))), 0);
    const history = log.read(at(log.head.offset - 5), EVERYTHING, 0);
    if (!history.ok) return expect.fail(history.reason);
    let held = 0;
    while (typeof after(log, log.head.offset - held - 1) !== "string") held += 1;
    const kept = log.read(at(log.head.offset - held), EVERYTHING, 0);
    expect(kept.ok && kept.entries.reduce((sum, { json }) => sum + json.length, 0)).toBeLessThan(100_000);
    expect(held).toBeGreaterThan(5);
    log.append(entry(JSON.stringify("x".repeat(100_000))), 0);
    expect(log.head.offset).toBe(51);
    expect(after(log, 50)).toBe("evicted");
    log.append(entry(), 0);
    expect(after(log, 51)).toEqual([52]);
  });

  it("keeps nothing with a size of 0, and still proves that nothing was missed", () => {
    const log = logOf({ size: 0 });
    log.append(entry(), 0);
    expect(after(log, 1)).toEqual([]);
    expect(after(log, 0)).toBe("evicted");
  });

  it("appends an id once for five minutes, also when the entry is gone by then, and gives the first offset", () => {
    const log = logOf({ size: 2 });
    expect(log.append(entry("1", "a"), 0)).toMatchObject({ offset: 1, id: "a" });
    for (let n = 0; n < 10; n++) log.append(entry(), 1);
    expect(after(log, 0, 1)).toBe("evicted");
    expect(log.append(entry("2", "a"), 5 * MINUTES)).toBe(1);
    expect(log.head.offset).toBe(11);
    expect(log.append(entry("3", "a"), 5 * MINUTES + 1)).toMatchObject({ offset: 12, json: "3" });
    expect(log.append(entry("4", "a"), 10 * MINUTES)).toBe(12);
  });

  it("tells ids such as __proto__ from the properties of objects", () => {
    const log = logOf();
    for (const id of ["__proto__", "constructor", "toString"])
      expect(log.append(entry("1", id), 0)).toMatchObject({ id });
    expect(log.append(entry("1", "__proto__"), 0)).toBe(1);
  });

  it("is idle once neither an entry nor an id is remembered", () => {
    const log = logOf({ ttl: 1_000 });
    expect(log.idle(0)).toBe(true);
    log.append(entry("1", "a"), 0);
    expect(log.idle(1_001)).toBe(false);
    expect(log.idle(5 * MINUTES)).toBe(false);
    expect(log.idle(5 * MINUTES + 1)).toBe(true);
  });
});

type Act =
  | { readonly do: "append"; readonly size: number; readonly id: string | undefined }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "read"; readonly back: number; readonly limit: number };
const anyAct: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("append" as const),
      size: fc.nat(400),
      id: fc.option(fc.constantFrom("a", "b", "c"), { nil: undefined }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.nat(200_000) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant("read" as const), back: fc.nat(60), limit: fc.nat(60) }),
  },
);
const anyCaps = fc.record({
  size: fc.nat(40),
  ttl: fc.nat(400_000),
  bytes: fc.nat(10_000),
  ids: fc.constant(16_384),
});

/** A log that keeps everything, and computes which of it is inside the caps. */
class PlainLog {
  readonly #caps: HistoryCaps;
  readonly #appended: { readonly entry: Entry; readonly at: number }[] = [];
  readonly #ids = new Map<string, { offset: number; at: number }>();
  /** The number of newest entries that are held. Eviction is final: only appends raise it. */
  #held = 0;

  constructor(caps: HistoryCaps) {
    this.#caps = caps;
  }

  get head(): number {
    return this.#appended.length;
  }

  append(made: NewEntry, now: number): Entry | number {
    const { id, event, json, time } = made;
    const known = id === undefined ? undefined : this.#ids.get(id);
    if (known && now - known.at <= 5 * MINUTES) return known.offset;
    const appended: Entry = { id, event, json, time, exclude: undefined, offset: this.head + 1 };
    this.#appended.push({ entry: appended, at: now });
    if (id !== undefined) this.#ids.set(id, { offset: this.head, at: now });
    this.#held += 1;
    this.#evict(now);
    return appended;
  }

  read(back: number, limit: number, now: number): History {
    this.#evict(now);
    const head = at(this.head);
    if (back > this.#held) return { ok: false, head, reason: "evicted" };
    if (back > limit) return { ok: false, head, reason: "limit" };
    const entries = this.#appended.slice(this.head - back).map(({ entry }) => entry);
    return { ok: true, head, entries };
  }

  /** Keeps the newest entries that are inside every cap; one takes 2 bytes a character and 64. */
  #evict(now: number): void {
    const { size, bytes, ttl } = this.#caps;
    let used = 0;
    let count = 0;
    for (const { entry, at } of this.#appended.toReversed()) {
      used += entry.json.length * 2 + 64;
      if (count + 1 > size || used > bytes || now - at > ttl) break;
      count += 1;
    }
    this.#held = Math.min(this.#held, count);
  }
}

it("answers every read like a list that evicts by count, age and bytes alone", () => {
  holds(
    fc.property(anyCaps, fc.array(anyAct, { maxLength: 120 }), (caps, acts) => {
      const log = new TopicLog("e", caps);
      const plain = new PlainLog(caps);
      let now = 0;
      for (const act of acts) {
        if (act.do === "wait") now += act.ms;
        else if (act.do === "append") {
          const made = entry("x".repeat(act.size), act.id);
          expect(log.append(made, now)).toEqual(plain.append(made, now));
        } else if (act.back <= plain.head) {
          const history = log.read(at(plain.head - act.back), act.limit, now);
          expect(history).toEqual(plain.read(act.back, act.limit, now));
        }
      }
    }),
    2_000,
  );
});

describe("a log that remembers ids", () => {
  const published = (id: string, publisher?: string): NewEntry => ({ ...entry("1", id), publisher });

  it("keeps ids of different publishers apart, and the server's from all of theirs", () => {
    const log = logOf();
    const offsets = [published("i"), published("i", "user a"), published("i", "user b")].map(
      (made) => (log.append(made, 0) as Entry).offset,
    );
    expect(offsets).toEqual([1, 2, 3]);
    expect([published("i"), published("i", "user a")].map((made) => log.append(made, 0))).toEqual([1, 2]);
  });

  it("is bounded by a number of ids, of which the oldest is forgotten first", () => {
    const log = logOf({ ids: 3 });
    for (const id of ["a", "b", "c", "d"]) log.append(published(id), 0);
    expect(["b", "c", "d"].map((id) => log.append(published(id), 0))).toEqual([2, 3, 4]);
    expect(log.append(published("a"), 0)).toMatchObject({ offset: 5 });
  });

  it("counts ids as bytes until they are forgotten", () => {
    const held = { bytes: 0 };
    const log = new TopicLog("e", { ...CAPS, size: 4, ids: 4 }, held);
    const empty = held.bytes;
    for (let n = 0; n < 100; n++) log.append(published(`${n}`), n);
    const full = held.bytes;
    expect(full).toBeGreaterThan(empty);
    for (let n = 100; n < 200; n++) log.append(published(`${n - 100}`), n);
    expect(held.bytes).toBeLessThanOrEqual(full);
    log.idle(10 * MINUTES);
    expect(held.bytes).toBe(empty);
    log.append(published("x"), 10 * MINUTES);
    log.discard();
    expect(held.bytes).toBe(0);
  });
});
