import { backplaneCases, type MakeBackplane, runBackplaneCase, settle } from "@bellwire/core/conformance";
import type { Backplane, Entry, EntryListener, History, NewEntry } from "@bellwire/core/server";
import { expect } from "vitest";
import { type Change, sharedStore } from "../memory-store.ts";

/** Milliseconds that the kit waits for deliveries which a broken backplane never makes. */
const PATIENCE = 60;

const CASES = Object.values(backplaneCases).flat();

/** Runs the whole kit and gives the names of the cases that fail. */
export async function failuresOf(make: MakeBackplane): Promise<string[]> {
  const failures: string[] = [];
  const run = { name: "broken", seed: 1, patience: PATIENCE, print: () => {} };
  for (const entry of CASES) await runBackplaneCase(make, entry, run).catch(() => failures.push(entry.name));
  return failures;
}

/** Fails unless the kit catches the mistake, among others by the case with this name. */
export async function expectCaught(
  changes: { log?: Change; instance?: Change } | MakeBackplane,
  name: string,
): Promise<void> {
  expect(CASES.map((entry) => entry.name)).toContain(name);
  const make = typeof changes === "function" ? changes : sharedStore(changes);
  expect(await failuresOf(make)).toContain(name);
}

/** Changes every entry that comes out, by delivery or by read. */
export function changingEntries(change: (entry: Entry) => Entry): Change {
  return (inner) => ({
    listen: (topic, listener) => inner.listen(topic, (epoch, entry) => listener(epoch, change(entry))),
    async read(...given) {
      const history = await inner.read(...given);
      return history.ok ? { ...history, entries: history.entries.map(change) } : history;
    },
  });
}

/** Changes the answers of reads after a position. */
export function changingReads(
  change: (history: History, limit: number, after: number) => History | Promise<History>,
): Change {
  return (inner) => ({
    async read(topic, after, limit, before) {
      const history = await inner.read(topic, after, limit, before);
      return after ? change(history, limit, after.offset) : history;
    },
  });
}

/** Changes every offset above 0, in both directions. */
export function changingOffsets(out: (offset: number) => number, back: (offset: number) => number): Change {
  return (inner) => {
    const moved = <T extends { readonly offset: number }>(item: T): T => ({
      ...item,
      offset: out(item.offset),
    });
    return {
      append: async (...given) => moved(await inner.append(...given)),
      listen: (topic, listener) => inner.listen(topic, (epoch, entry) => listener(epoch, moved(entry))),
      async read(topic, after, limit, before) {
        const asked = [after, before].map((at) => at && { ...at, offset: back(at.offset) });
        const history = await inner.read(topic, asked[0], limit, asked[1]);
        const head = moved(history.head);
        return history.ok ? { ok: true, head, entries: history.entries.map(moved) } : { ...history, head };
      },
    };
  };
}

/** Remembers ids in its own way: entries of which `keyOf` makes the same key are one. */
export function idsBy(
  keyOf: (topic: string, entry: NewEntry, now: number) => string,
  { careless = false } = {},
): Change {
  return (inner, clock) => {
    const known = new Map<string, Promise<{ epoch: string; offset: number }>>();
    let count = 0;
    const original = (entry: Entry): Entry => ({ ...entry, id: entry.id?.replace(/ .*/, "") });
    return {
      ...changingEntries(original)(inner, clock),
      async append(topic, entry) {
        if (entry.id === undefined) return inner.append(topic, entry);
        const key = keyOf(topic, entry, clock.now());
        const seen = known.get(key);
        if (seen) return seen;
        if (careless) await settle();
        // The log below must not know the id.
        const appended = inner.append(topic, { ...entry, id: `${entry.id} ${++count}` });
        known.set(key, appended);
        return appended;
      },
    };
  };
}

/** Delivers appended entries by `fanOut`. Volatile entries go as they should. */
export function fanningOut(
  fanOut: (deliver: (entry: Entry) => void, append: () => Promise<Entry>, next: number) => Promise<Entry>,
): Change {
  return (inner) => {
    const listeners = new Map<string, Set<EntryListener>>();
    return {
      async append(topic, entry) {
        const { head } = await inner.read(topic, undefined, 0);
        const append = async (): Promise<Entry> => {
          const { offset } = await inner.append(topic, entry);
          return entryOf(entry, offset);
        };
        const deliver = (delivered: Entry): void => {
          for (const listener of listeners.get(topic) ?? []) listener(head.epoch, delivered);
        };
        const { offset } = await fanOut(deliver, append, head.offset + 1);
        return { epoch: head.epoch, offset };
      },
      async listen(topic, listener) {
        const all = listeners.get(topic) ?? new Set();
        listeners.set(topic, all.add(listener));
        const stop = await inner.listen(topic, (epoch, entry) => {
          if (entry.offset === 0) listener(epoch, entry);
        });
        return () => {
          all.delete(listener);
          stop();
        };
      },
    };
  };
}

export function entryOf({ id, event, json, time, exclude }: NewEntry, offset: number): Entry {
  return { id, event, json, time, exclude, offset };
}

/** Reads the entries that are left, as if there had been none before them. */
export async function readRest(inner: Backplane, topic: string, history: History): Promise<History> {
  const { head } = history;
  for (let offset = 0; offset < head.offset; offset++) {
    const rest = await inner.read(topic, { ...head, offset }, head.offset);
    if (rest.ok) return rest;
  }
  return { ok: true, head, entries: [] };
}

/** Gives every epoch of a log one name, which `make` makes once for each log. */
export function epochAlways(make: () => string): Change {
  return (inner) => {
    const epoch = make();
    return {
      append: async (...given) => ({ ...(await inner.append(...given)), epoch }),
      listen: (topic, listener) => inner.listen(topic, (_, entry) => listener(epoch, entry)),
      async read(topic, after, limit, before) {
        const { head } = await inner.read(topic, undefined, 0);
        const asked = [after, before].map(
          (at) => at && (at.epoch === epoch ? { ...at, epoch: head.epoch } : at),
        );
        const history = await inner.read(topic, asked[0], limit, asked[1]);
        return { ...history, head: { ...history.head, epoch } };
      },
    };
  };
}
