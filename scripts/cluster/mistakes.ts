/**
 * Clusters that are wrong on purpose. The harness has to catch every one; a test for each proves
 * that a green campaign means something.
 */
import { randomUUID } from "node:crypto";
import type { Backplane, Entry, EntryListener, NewEntry } from "@bellwire/core/server";

type Change = (inner: Backplane) => Partial<Backplane>;

/** Milliseconds between two repetitions of a dead hub's last reports. */
const HAUNT = 300;

const mistakes = {
  /** Every retry is a new append. */
  "append without idempotency": (inner) => ({
    append: (topic, entry) => inner.append(topic, { ...entry, publisher: randomUUID() }),
  }),
  /** Each hub remembers ids in its own memory. */
  "ids known to one hub alone": (inner) => ({
    append: (topic, entry) =>
      inner.append(topic, { ...entry, publisher: `${process.pid} ${entry.publisher}` }),
  }),
  /** Offsets of a lost log are used again under the same epoch. */
  "epoch kept after a lost log": (inner) => {
    const real = new Map<string, string>();
    const seen = <T extends { readonly epoch: string }>(topic: string, position: T): T => {
      real.set(topic, position.epoch);
      return { ...position, epoch: "kept" };
    };
    return {
      append: async (topic, entry) => seen(topic, await inner.append(topic, entry)),
      listen: (topic, listener) => inner.listen(topic, (_, entry) => listener("kept", entry)),
      async read(topic, after, limit, before) {
        const { head } = await inner.read(topic, undefined, 0);
        const asked = after && { epoch: head.epoch, offset: Math.min(after.offset, head.offset) };
        const history = await inner.read(topic, asked, limit, before && { ...before, epoch: head.epoch });
        return { ...history, head: seen(topic, history.head) };
      },
    };
  },
  /** Lost deliveries are not looked for in the log. */
  "deliveries trusted as the truth": (inner) => {
    const heard = new Map<string, { epoch: string; offset: number }>();
    return {
      listen: (topic, listener) =>
        inner.listen(topic, (epoch, entry) => {
          if (entry.offset % 2 === 1) return;
          if (entry.offset > 0) heard.set(topic, { epoch, offset: entry.offset });
          listener(epoch, entry);
        }),
      async read(topic, ...rest) {
        const history = await inner.read(topic, ...rest);
        const head = heard.get(topic);
        if (!history.ok || head?.epoch !== history.head.epoch) return history;
        return { ok: true, head, entries: history.entries.filter(({ offset }) => offset <= head.offset) };
      },
    };
  },
  /** A dead hub is taken for alive, for ever. */
  "presence without leases": (inner) => ({
    listen(topic, listener) {
      if (!topic.startsWith("$") && !topic.startsWith("presence-")) return inner.listen(topic, listener);
      const signs = new Map<string, readonly [string, Entry]>();
      const timer = setInterval(() => {
        for (const sign of signs.values()) listener(...sign);
      }, HAUNT);
      timer.unref();
      return inner.listen(topic, (epoch, entry) => {
        const { hub, kind, v } = JSON.parse(entry.json) as Readonly<Record<string, unknown>>;
        if (entry.offset === 0 && (kind === "beat" || v !== undefined))
          signs.set(String(hub), [epoch, entry]);
        listener(epoch, entry);
      });
    },
  }),
  /** Entries are numbered as they arrive, and two neighbours arrive the wrong way round. */
  "forwarding out of order": (inner) => {
    const swapped = (entries: readonly Entry[]): readonly Entry[] =>
      entries.map((entry, index) => {
        const other = entries[entry.offset % 2 === 0 ? index - 1 : index + 1];
        return other ? { ...other, offset: entry.offset } : entry;
      });
    return {
      async read(topic, after, limit, before) {
        const history = await inner.read(topic, after, limit, before);
        return history.ok ? { ...history, entries: swapped(history.entries) } : history;
      },
    };
  },
  /** Each hub counts for itself, beginning at the head that it found. */
  "offsets given by each hub": (inner) => {
    const next = new Map<string, number>();
    return {
      async append(topic, entry) {
        const { epoch, offset } = await inner.append(topic, entry);
        const own = next.get(topic) ?? offset;
        next.set(topic, own + 1);
        return { epoch, offset: own };
      },
    };
  },
  /** The publisher is told that its entry is stored, and some are not. */
  "acknowledged before it is stored": (inner) => {
    let count = 0;
    return {
      async append(topic, entry) {
        if (++count % 20 > 0) return inner.append(topic, entry);
        const { head } = await inner.read(topic, undefined, 0);
        return { ...head, offset: head.offset + 1 };
      },
    };
  },
  /** Hubs do not hear of what others took from a user. */
  "revocation on one hub alone": (inner) => ({
    spread: async (topic, entry) =>
      topic.startsWith("$") && entry.json.includes('"kind":"revo') ? undefined : inner.spread(topic, entry),
  }),
  /** A replay reaches the publisher that an entry excludes. */
  "exclusion forgotten by the log": (inner) => ({
    async read(topic, after, limit, before) {
      const history = await inner.read(topic, after, limit, before);
      if (!history.ok) return history;
      return { ...history, entries: history.entries.map((entry) => ({ ...entry, exclude: undefined })) };
    },
  }),
  /** A replay begins where the log still has something, and the rest is passed over. */
  "eviction without a word": (inner) => ({
    async read(topic, after, limit, before) {
      const history = await inner.read(topic, after, limit, before);
      if (history.ok || history.reason !== "evicted" || !after) return history;
      return { ok: true, head: history.head, entries: [] };
    },
  }),
  /** Every client that comes back is told that something is missing. */
  "gaps where nothing is missing": (inner) => ({
    async read(topic, after, limit, before) {
      const history = await inner.read(topic, after, limit, before);
      if (!history.ok || history.entries.length === 0 || !after) return history;
      return { ok: false, head: history.head, reason: "evicted" };
    },
  }),
} as const satisfies Record<string, Change>;

/** The name of a mistake. */
export type Mistake = keyof typeof mistakes;

export const MISTAKES = Object.keys(mistakes) as readonly Mistake[];

/** The backplane with the mistake, or as it is. */
export function mistaken(mistake: Mistake | undefined, inner: Backplane): Backplane {
  const methods: Backplane = {
    append: (topic: string, entry: NewEntry) => inner.append(topic, entry),
    spread: (topic: string, entry: NewEntry) => inner.spread(topic, entry),
    listen: (topic: string, listener: EntryListener) => inner.listen(topic, listener),
    read: (topic, after, limit, before) => inner.read(topic, after, limit, before),
    close: () => inner.close(),
  };
  return mistake ? { ...methods, ...mistakes[mistake](inner) } : inner;
}
