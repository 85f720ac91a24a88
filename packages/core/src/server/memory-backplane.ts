/** The default backplane: the memory of one process. It is lost when the process ends. */
import { backgroundClock, type Clock } from "../clock.ts";
import { BellwireError } from "../errors.ts";
import { atLeast, checkOptions, having, object, withDefaults } from "../options.ts";
import { randomId } from "../random-id.ts";
import type { Backplane, Entry, EntryListener } from "./backplane.ts";
import { type Held, type HistoryCaps, TopicLog } from "./topic-log.ts";

/** Options of {@link memoryBackplane}. */
export interface MemoryBackplaneOptions {
  /** Caps of each topic. Defaults: 256 notifications, 5 minutes, 1 MiB, 16,384 ids. */
  readonly history?: Partial<HistoryCaps>;
  /**
   * Bytes that all topics may hold together, about 1 KiB for each topic included. Above it, topics
   * forget their history, those first whose last append is the oldest; their subscribers get a gap
   * if they have to resume. Default: 268,435,456.
   */
  readonly totalBytes?: number;
  /** Default: the system's clock, without keeping the process alive. */
  readonly clock?: Clock;
}

/**
 * Milliseconds between two sweeps. A sweep forgets topics that have neither an entry, an id nor a
 * listener; if one is used again, it starts a new epoch.
 */
const SWEEP = 60_000;

const DEFAULT_CAPS: HistoryCaps = { size: 256, ttl: 300_000, bytes: 1_048_576, ids: 16_384 };
const TOTAL_BYTES = 268_435_456;

interface MemoryTopic {
  readonly log: TopicLog;
  readonly listeners: Set<EntryListener>;
  /** Entries that a listener appended or spread while another was being delivered, in order. */
  readonly pending: Entry[];
  delivering: boolean;
}

/**
 * Order, history and fan-out inside one process. Hubs that are given the same object share it.
 * Listeners are called before `append` and `spread` return. Throws `invalid_option`.
 */
export function memoryBackplane(options: MemoryBackplaneOptions = {}): Backplane {
  checkOptions("memoryBackplane", options, {
    history: object,
    totalBytes: atLeast(1),
    clock: having("now", "wall", "after"),
  });
  checkOptions("memoryBackplane.history", options.history ?? {}, {
    size: atLeast(0),
    ttl: atLeast(0),
    bytes: atLeast(0),
    ids: atLeast(1),
  });
  const clock = options.clock ?? backgroundClock;
  const caps = withDefaults(DEFAULT_CAPS, options.history);
  const totalBytes = options.totalBytes ?? TOTAL_BYTES;
  const held: Held = { bytes: 0 };
  /** The topic with the oldest last append comes first. */
  const topics = new Map<string, MemoryTopic>();
  let stopSweep: (() => void) | undefined;
  let closed = false;

  const open = (name: string): MemoryTopic => {
    if (closed) throw new BellwireError("closed", "the backplane is closed");
    let topic = topics.get(name);
    if (!topic) {
      topic = {
        log: new TopicLog(randomId(12), caps, held),
        listeners: new Set(),
        pending: [],
        delivering: false,
      };
      topics.set(name, topic);
      shrink(name);
      stopSweep ??= clock.after(SWEEP, sweep);
    }
    return topic;
  };
  const forget = (name: string, log: TopicLog): void => {
    log.discard();
    topics.delete(name);
  };
  /** Keeps within `totalBytes` by forgetting topics, the oldest append first and never `latest`. */
  const shrink = (latest: string): void => {
    if (held.bytes <= totalBytes) return;
    for (const [name, { log, listeners }] of topics) {
      if (name === latest) continue;
      if (listeners.size === 0) forget(name, log);
      else log.shed();
      if (held.bytes <= totalBytes) return;
    }
  };
  const sweep = (): void => {
    for (const [name, { log, listeners }] of topics) {
      // `idle` comes first because it also evicts what is too old.
      if (log.idle(clock.now()) && listeners.size === 0) forget(name, log);
    }
    stopSweep = topics.size > 0 && !closed ? clock.after(SWEEP, sweep) : undefined;
  };

  return {
    async append(name, entry) {
      const topic = open(name);
      const { log } = topic;
      const appended = log.append(entry, clock.now());
      if (typeof appended === "number") return { epoch: log.epoch, offset: appended };
      topics.delete(name);
      topics.set(name, topic);
      shrink(name);
      deliver(topic, appended);
      return { epoch: log.epoch, offset: appended.offset };
    },
    async spread(name, { id, event, json, time, exclude }) {
      deliver(open(name), { id, event, json, time, exclude, offset: 0 });
    },
    async listen(name, listener) {
      const { listeners } = open(name);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async read(name, after, limit, before) {
      return open(name).log.read(after, limit, clock.now(), before);
    },
    async close() {
      closed = true;
      stopSweep?.();
      for (const { listeners } of topics.values()) listeners.clear();
      topics.clear();
    },
  };
}

/** Calls every listener with one entry before any with the next, also when a listener appends. */
function deliver(topic: MemoryTopic, entry: Entry): void {
  const { log, listeners, pending } = topic;
  pending.push(entry);
  if (topic.delivering) return;
  topic.delivering = true;
  for (let next = pending.shift(); next; next = pending.shift()) {
    for (const listener of listeners) {
      try {
        listener(log.epoch, next);
      } catch (error) {
        // oxlint-disable-next-line no-console -- an error that nobody sees is never repaired
        console.error("bellwire:", error);
      }
    }
  }
  topic.delivering = false;
}
