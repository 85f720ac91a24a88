/** The default backplane: one process, nothing survives it. */
import { backgroundClock, type Clock } from "../clock.ts";
import { BellwireError } from "../errors.ts";
import { atLeast, checkOptions, having, object, withDefaults } from "../options.ts";
import { randomId } from "../random-id.ts";
import type { Backplane, EntryListener } from "./backplane.ts";
import { type HistoryCaps, TopicLog } from "./topic-log.ts";

/** Options of {@link memoryBackplane}. */
export interface MemoryBackplaneOptions {
  /** What is kept per topic. Defaults: 256 notifications, 5 minutes, 1 MiB. */
  readonly history?: Partial<HistoryCaps>;
  readonly clock?: Clock;
}

/** Milliseconds between two sweeps that forget topics with nothing to remember. A forgotten topic starts a new epoch. */
const SWEEP = 60_000;

const DEFAULT_CAPS: HistoryCaps = { size: 256, ttl: 300_000, bytes: 1_048_576 };

interface MemoryTopic {
  readonly log: TopicLog;
  readonly listeners: Set<EntryListener>;
}

/** Order, history and fan-out inside one process. Several hubs may share one. Throws `invalid_option`. */
export function memoryBackplane(options: MemoryBackplaneOptions = {}): Backplane {
  checkOptions("memoryBackplane", options, { history: object, clock: having("now", "wall", "after") });
  checkOptions("memoryBackplane.history", options.history ?? {}, {
    size: atLeast(0),
    ttl: atLeast(0),
    bytes: atLeast(0),
  });
  const clock = options.clock ?? backgroundClock;
  const caps = withDefaults(DEFAULT_CAPS, options.history);
  const topics = new Map<string, MemoryTopic>();
  let stopSweep: (() => void) | undefined;
  let closed = false;

  const open = (name: string): MemoryTopic => {
    if (closed) throw new BellwireError("closed", "the backplane is closed");
    let topic = topics.get(name);
    if (!topic) {
      topic = { log: new TopicLog(randomId(12), caps), listeners: new Set() };
      topics.set(name, topic);
      stopSweep ??= clock.after(SWEEP, sweep);
    }
    return topic;
  };
  const sweep = (): void => {
    for (const [name, { log, listeners }] of topics) {
      // Asked first, because it also lets go of what is too old.
      if (log.idle(clock.now()) && listeners.size === 0) topics.delete(name);
    }
    stopSweep = topics.size > 0 && !closed ? clock.after(SWEEP, sweep) : undefined;
  };

  return {
    async append(name, entry, volatile) {
      const { log, listeners } = open(name);
      const appended = volatile ? { ...entry, offset: 0 } : log.append(entry, clock.now());
      if (typeof appended === "number") return { epoch: log.epoch, offset: appended };
      for (const listener of listeners) listener(log.epoch, appended);
      return volatile ? null : { epoch: log.epoch, offset: appended.offset };
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
