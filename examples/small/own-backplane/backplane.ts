/** A backplane over an engine: atomic appends, deliveries as hints, reads that prove continuity. */
import { BellwireError } from "@bellwire/core";
import type { Backplane, Entry, NewEntry } from "@bellwire/core/server";
import type { Engine, StoredTopic } from "./engine.ts";

/** Milliseconds for which an id is remembered. */
const IDEMPOTENCY = 300_000;

/** One instance. `size`: entries that are kept per topic. */
export function engineBackplane(engine: Engine, { size = 256 } = {}): Backplane {
  const stops = new Set<() => void>();
  let closed = false;
  const open = (): Engine => {
    if (closed) throw new BellwireError("closed", "the backplane is closed");
    return engine;
  };
  const deliver = (topic: string, epoch: string, entry: Entry): void =>
    engine.publish(topic, JSON.stringify([epoch, entry]));

  return {
    append: async (topic, entry) =>
      open().command(topic, (stored) => {
        const { epoch } = stored;
        const key = JSON.stringify([entry.publisher, entry.id]);
        const known = entry.id === undefined ? undefined : knownOffset(stored, key);
        if (known !== undefined) return { epoch, offset: known };
        const offset = ++stored.head;
        if (entry.id !== undefined) stored.ids.set(key, { offset, at: Date.now() });
        const appended = entryOf(entry, offset);
        stored.entries.push(appended);
        if (stored.entries.length > size) stored.entries.shift();
        deliver(topic, epoch, appended);
        return { epoch, offset };
      }),

    async spread(topic, entry) {
      open();
      deliver(topic, "", entryOf(entry, 0));
    },

    async listen(topic, listener) {
      const stop = await open().subscribe(topic, (message) => {
        const [epoch, entry] = JSON.parse(message) as [string, Entry];
        try {
          listener(epoch, entry);
        } catch (error) {
          console.error(error);
        }
      });
      stops.add(stop);
      if (closed) stop();
      return () => {
        stops.delete(stop);
        stop();
      };
    },

    read: async (topic, after, limit, before) =>
      open().command(topic, ({ epoch, entries, head: offset }) => {
        const head = { epoch, offset };
        // The position right above the head is a valid end of a page.
        const known = after ?? (before && { ...before, offset: before.offset - 1 }) ?? head;
        if (known.epoch !== epoch || known.offset > offset) return { ok: false, head, reason: "epoch" };
        if (!after) {
          const below = entries.filter((entry) => entry.offset <= known.offset);
          return { ok: true, head, entries: limit > 0 ? below.slice(-limit) : [] };
        }
        const missing = offset - after.offset;
        if (missing > entries.length) return { ok: false, head, reason: "evicted" };
        if (missing > limit) return { ok: false, head, reason: "limit" };
        return { ok: true, head, entries: entries.slice(entries.length - missing) };
      }),

    async close() {
      closed = true;
      for (const stop of stops) stop();
    },
  };
}

function knownOffset({ ids }: StoredTopic, key: string): number | undefined {
  for (const [old, { at }] of ids) {
    if (Date.now() - at <= IDEMPOTENCY) break;
    ids.delete(old);
  }
  return ids.get(key)?.offset;
}

function entryOf({ id, event, json, time, exclude }: NewEntry, offset: number): Entry {
  return { id, event, json, time, exclude, offset };
}
