/** The default backplane: one process, nothing survives it. */
import { backgroundClock, type Clock } from "../clock.ts";
import { BellwireError } from "../errors.ts";
import { atLeast, checkOptions, having, object, withDefaults } from "../options.ts";
import { randomId } from "../random-id.ts";
import type { Backplane, EntryListener } from "./backplane.ts";
import { type Held, type HistoryCaps, TopicLog } from "./topic-log.ts";

/** Options of {@link memoryBackplane}. */
export interface MemoryBackplaneOptions {
  /** What is kept per topic. Defaults: 256 notifications, 5 minutes, 1 MiB, 16,384 ids. */
  readonly history?: Partial<HistoryCaps>;
  /**
   * Bytes that all topics may hold together, about 1 KiB for each topic included. Beyond it, the topics to which nothing was appended
   * for longest forget their history first, and their subscribers hear a gap if they have to resume. Default: 268,435,456.
   */
  readonly totalBytes?: number;
  readonly clock?: Clock;
}

/** Milliseconds between two sweeps that forget topics with nothing to remember. A forgotten topic starts a new epoch. */
const SWEEP = 60_000;

const DEFAULT_CAPS: HistoryCaps = { size: 256, ttl: 300_000, bytes: 1_048_576, ids: 16_384 };
const TOTAL_BYTES = 268_435_456;

interface MemoryTopic {
  readonly log: TopicLog;
  readonly listeners: Set<EntryListener>;
}

/** Order, history and fan-out inside one process. Several hubs may share one. Throws `invalid_option`. */
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
  /** In the order of their last appends, as far as anything was appended. */
  const topics = new Map<string, MemoryTopic>();
  let stopSweep: (() => void) | undefined;
  let closed = false;

  const open = (name: string): MemoryTopic => {
    if (closed) throw new BellwireError("closed", "the backplane is closed");
    let topic = topics.get(name);
    if (!topic) {
      topic = { log: new TopicLog(randomId(12), caps, held), listeners: new Set() };
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
  /** Keeps within `totalBytes` at the cost of topics other than `latest`, those that rested for longest first. */
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
      // Asked first, because it also lets go of what is too old.
      if (log.idle(clock.now()) && listeners.size === 0) forget(name, log);
    }
    stopSweep = topics.size > 0 && !closed ? clock.after(SWEEP, sweep) : undefined;
  };

  return {
    async append(name, entry) {
      const topic = open(name);
      const { log, listeners } = topic;
      const appended = log.append(entry, clock.now());
      if (typeof appended === "number") return { epoch: log.epoch, offset: appended };
      topics.delete(name);
      topics.set(name, topic);
      shrink(name);
      for (const listener of listeners) listener(log.epoch, appended);
      return { epoch: log.epoch, offset: appended.offset };
    },
    async spread(name, { id, event, json, time, exclude }) {
      const { log, listeners } = open(name);
      for (const listener of listeners) listener(log.epoch, { id, event, json, time, exclude, offset: 0 });
    },
    async listen(name, listener) {
      const { listeners } = open(name);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async read(name, after, limit) {
      return open(name).log.read(after, limit, clock.now());
    },
    async close() {
      closed = true;
      stopSweep?.();
      topics.clear();
    },
  };
}
