/** One topic's ring of notifications in memory: capped by count, age and bytes, idempotent by id. Pure: time is an argument. */
import type { Position } from "../protocol/messages.ts";
import type { Entry, History, NewEntry } from "./backplane.ts";

/** How much of a topic is kept. */
export interface HistoryCaps {
  /** Notifications per topic. Default: 256. */
  readonly size: number;
  /** Milliseconds. Default: 300,000. */
  readonly ttl: number;
  /** Bytes of data per topic. Default: 1 MiB. */
  readonly bytes: number;
}

/** Milliseconds for which an id is remembered. */
const IDEMPOTENCY = 300_000;

interface Stored {
  readonly entry: Entry;
  readonly at: number;
  readonly bytes: number;
}

export class TopicLog {
  readonly epoch: string;
  readonly #caps: HistoryCaps;
  /** Stored entries, oldest first, from index `#first` on; the dead part is cut off when it outgrows the living. */
  #stored: Stored[] = [];
  #first = 0;
  #bytes = 0;
  #offset = 0;
  /** Ids in the order of their appends, which is also the order in which they expire. */
  readonly #ids: Map<string, { offset: number; at: number }> = new Map();

  constructor(epoch: string, caps: HistoryCaps) {
    this.epoch = epoch;
    this.#caps = caps;
  }

  get head(): Position {
    return { epoch: this.epoch, offset: this.#offset };
  }

  /** The entry as appended, or the offset it already has. */
  append(entry: NewEntry, now: number): Entry | number {
    if (entry.id !== undefined) {
      this.#forgetIds(now);
      const known = this.#ids.get(entry.id);
      if (known) return known.offset;
    }
    this.#offset += 1;
    if (entry.id !== undefined) this.#ids.set(entry.id, { offset: this.#offset, at: now });
    const appended: Entry = { ...entry, offset: this.#offset };
    const bytes = entry.json.length * 2 + 64;
    this.#stored.push({ entry: appended, at: now, bytes });
    this.#bytes += bytes;
    this.#evict(now);
    return appended;
  }

  read(after: Position | undefined, limit: number, now: number): History {
    const { head } = this;
    if (!after) return { ok: true, head, entries: [] };
    if (after.epoch !== this.epoch || after.offset > this.#offset)
      return { ok: false, head, reason: "epoch" };
    this.#evict(now);
    const missing = this.#offset - after.offset;
    if (missing > this.#stored.length - this.#first) return { ok: false, head, reason: "evicted" };
    if (missing > limit) return { ok: false, head, reason: "limit" };
    const entries = missing === 0 ? [] : this.#stored.slice(-missing).map(({ entry }) => entry);
    return { ok: true, head, entries };
  }

  /** Whether nothing would be missed if this log were forgotten: no entry and no id is alive. */
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
      this.#first += 1;
    }
    if (this.#first > 32 && this.#first * 2 > this.#stored.length) {
      this.#stored = this.#stored.slice(this.#first);
      this.#first = 0;
    }
  }

  #forgetIds(now: number): void {
    for (const [id, { at }] of this.#ids) {
      if (now - at <= IDEMPOTENCY) break;
      this.#ids.delete(id);
    }
  }
}
