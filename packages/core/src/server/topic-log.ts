/**
 * The notifications of one topic in memory: capped by count, age and bytes, idempotent by publisher
 * and id. Pure: time is an argument.
 */
import type { Position } from "../protocol/messages.ts";
import type { Entry, History, NewEntry } from "./backplane.ts";

/** How much of a topic's history is kept. The first cap that is reached evicts the oldest entry. */
export interface HistoryCaps {
  /** Notifications per topic. Default: 256. */
  readonly size: number;
  /** Milliseconds for which a notification is kept. Default: 300,000. */
  readonly ttl: number;
  /**
   * Bytes per topic: 2 for each character of a notification's JSON, and 64 for the notification.
   * Default: 1,048,576.
   */
  readonly bytes: number;
  /**
   * Ids of publishes that are remembered per topic, for 5 minutes; one more forgets the oldest.
   * Default: 16,384.
   */
  readonly ids: number;
}

/** Bytes that several logs hold together. Each log adds what it stores and later subtracts it. */
export interface Held {
  bytes: number;
}

/** Milliseconds for which an id is remembered. */
const IDEMPOTENCY = 300_000;
/** Estimates, in bytes: an entry without its data, an id without its characters, an empty log. */
const ENTRY_BYTES = 64;
const ID_BYTES = 96;
const LOG_BYTES = 1_024;

interface Stored {
  readonly entry: Entry;
  readonly at: number;
  readonly bytes: number;
}

/** The log of one topic in one epoch. */
export class TopicLog {
  readonly epoch: string;
  readonly #caps: HistoryCaps;
  readonly #held: Held;
  /** Stored entries from index `#first` on, oldest first; `#evict` cuts off the rest in bulk. */
  #stored: Stored[] = [];
  #first = 0;
  #bytes = 0;
  #offset = 0;
  /** By publisher and id, in the order of their appends, which is also that of their expiry. */
  readonly #ids: Map<string, { offset: number; at: number }> = new Map();

  constructor(epoch: string, caps: HistoryCaps, held: Held = { bytes: 0 }) {
    this.epoch = epoch;
    this.#caps = caps;
    this.#held = held;
    held.bytes += LOG_BYTES;
  }

  get head(): Position {
    return { epoch: this.epoch, offset: this.#offset };
  }

  /** Gives the entry as appended, or the offset of the first append if the id is known. */
  append({ id, publisher, event, json, time, exclude }: NewEntry, now: number): Entry | number {
    // An id has no space, so no two pairs make the same key. The server has no publisher's name.
    const key = id === undefined || publisher === undefined ? id : `${id} ${publisher}`;
    if (key !== undefined) {
      this.#forgetIds(now);
      const known = this.#ids.get(key);
      if (known) return known.offset;
    }
    this.#offset += 1;
    const offset = this.#offset;
    if (key !== undefined) {
      this.#ids.set(key, { offset, at: now });
      this.#held.bytes += idBytes(key);
      this.#forgetIds(now);
    }
    const entry: Entry = { id, event, json, time, exclude, offset };
    const bytes = json.length * 2 + ENTRY_BYTES;
    this.#stored.push({ entry, at: now, bytes });
    this.#bytes += bytes;
    this.#held.bytes += bytes;
    this.#evict(now);
    return entry;
  }

  /** Forgets all entries and ids. The numbering goes on, so later reads answer `evicted`. */
  shed(): void {
    this.#held.bytes -= this.#bytes;
    this.#stored = [];
    this.#first = 0;
    this.#bytes = 0;
    for (const key of this.#ids.keys()) this.#forgetId(key);
  }

  /**
   * Subtracts the bytes of the log, its own included, from the total. It must not be used again.
   */
  discard(): void {
    this.shed();
    this.#held.bytes -= LOG_BYTES;
  }

  /** Answers `Backplane.read`, at the time `now`. */
  read(after: Position | undefined, limit: number, now: number, before?: Position): History {
    const { head } = this;
    const { epoch, offset: known } = after ?? before ?? head;
    // A page may begin right above the head.
    if (epoch !== this.epoch || known > this.#offset + (after ? 0 : 1))
      return { ok: false, head, reason: "epoch" };
    this.#evict(now);
    const stored = this.#stored.length - this.#first;
    if (!after) {
      const above = before ? Math.max(0, this.#offset + 1 - before.offset) : 0;
      return { ok: true, head, entries: this.#newest(Math.min(limit, stored - above), above) };
    }
    const missing = this.#offset - after.offset;
    if (missing > stored) return { ok: false, head, reason: "evicted" };
    if (missing > limit) return { ok: false, head, reason: "limit" };
    return { ok: true, head, entries: this.#newest(missing, 0) };
  }

  /** So many entries, in order, below the `above` newest ones. */
  #newest(count: number, above: number): readonly Entry[] {
    if (count <= 0) return [];
    const end = this.#stored.length - above;
    return this.#stored.slice(end - count, end).map(({ entry }) => entry);
  }

  /** Whether the log holds neither an entry nor an id, so that forgetting it loses nothing. */
  idle(now: number): boolean {
    this.#evict(now);
    this.#forgetIds(now);
    return this.#first === this.#stored.length && this.#ids.size === 0;
  }

  #evict(now: number): void {
    const { size, ttl, bytes } = this.#caps;
    for (;;) {
      const oldest = this.#stored[this.#first];
      if (!oldest) break;
      if (this.#stored.length - this.#first <= size && this.#bytes <= bytes && now - oldest.at <= ttl) break;
      this.#bytes -= oldest.bytes;
      this.#held.bytes -= oldest.bytes;
      this.#first += 1;
    }
    if (this.#first > 32 && this.#first * 2 > this.#stored.length) {
      this.#stored = this.#stored.slice(this.#first);
      this.#first = 0;
    }
  }

  #forgetIds(now: number): void {
    for (const [key, { at }] of this.#ids) {
      if (now - at <= IDEMPOTENCY && this.#ids.size <= this.#caps.ids) break;
      this.#forgetId(key);
    }
  }

  #forgetId(key: string): void {
    this.#ids.delete(key);
    this.#held.bytes -= idBytes(key);
  }
}

function idBytes(key: string): number {
  return key.length + ID_BYTES;
}
