/**
 * The account of the notifications that a client was due: delivered, lost with a word to the
 * application or without one, doubled, out of order; and the time for which it was not whole.
 */

/** In a sequence: the application was told that something may be missing here. */
export const TOLD = -1;

/** All that one client saw of one topic, in order. */
export interface TopicLog {
  readonly topic: string;
  /** Numbers of notifications, and {@link TOLD}. */
  readonly seen: readonly number[];
  /** When, host milliseconds; one for each of `seen`. */
  readonly at: readonly number[];
}

/** All that one client saw in a turn. */
export interface ClientLog {
  readonly topics: readonly TopicLog[];
  /** When its connection was lost, and when it was back; host milliseconds, in order. */
  readonly lost: readonly number[];
  readonly back: readonly number[];
}

/** All publishes to a topic in a turn: consecutive numbers from `first`, each at its time. */
export interface Published {
  readonly topic: string;
  readonly first: number;
  readonly at: readonly number[];
}

/** Deliveries, over any number of clients and topics. */
export interface Tally {
  readonly due: number;
  readonly delivered: number;
  /** Missing, without a word to the application. */
  readonly silent: number;
  /** Missing, and the application was told that something may be. */
  readonly told: number;
  readonly doubled: number;
  readonly disordered: number;
  /** Times at which an application was told that something may be missing. */
  readonly gaps: number;
}

export const NOTHING: Tally = {
  due: 0,
  delivered: 0,
  silent: 0,
  told: 0,
  doubled: 0,
  disordered: 0,
  gaps: 0,
};

export function sumOf(tallies: readonly Tally[]): Tally {
  const sum = (key: keyof Tally): number => tallies.reduce((total, tally) => total + tally[key], 0);
  return {
    due: sum("due"),
    delivered: sum("delivered"),
    silent: sum("silent"),
    told: sum("told"),
    doubled: sum("doubled"),
    disordered: sum("disordered"),
    gaps: sum("gaps"),
  };
}

/**
 * Judges one topic of one client. A missing notification was told of when the word came after the
 * last one that was delivered before it, and before the first that was delivered after it.
 */
export function tallyOf({ seen }: TopicLog, { first, at }: Published): Tally {
  const next = first + at.length;
  const had = new Set<number>();
  let newest = first - 1;
  let doubled = 0;
  let disordered = 0;
  let gaps = 0;
  const told = new Set<number>();
  let isTold = false;
  for (const n of seen) {
    if (n === TOLD) {
      gaps += 1;
      isTold = true;
    } else if (had.has(n)) doubled += 1;
    else if (n >= first && n < next) {
      had.add(n);
      if (n < newest) {
        disordered += 1;
        continue;
      }
      if (isTold) for (let missing = newest + 1; missing < n; missing += 1) told.add(missing);
      isTold = false;
      newest = n;
    }
  }
  if (isTold) for (let missing = newest + 1; missing < next; missing += 1) told.add(missing);
  for (const n of had) told.delete(n);
  return {
    due: at.length,
    delivered: had.size,
    silent: at.length - had.size - told.size,
    told: told.size,
    doubled,
    disordered,
    gaps,
  };
}

/** Judges every topic of a client. */
export function clientTally(log: ClientLog, published: readonly Published[]): Tally {
  return sumOf(
    published.map((of) => {
      const seen = log.topics.find(({ topic }) => topic === of.topic);
      return tallyOf(seen ?? { topic: of.topic, seen: [], at: [] }, of);
    }),
  );
}

/** One absence of a client. */
export interface Absence {
  readonly lost: number;
  /** When it was connected and had everything published until it was connected, or knew of it. */
  readonly whole: number;
}

/** The absences of a client that came back. */
export function absencesOf({ topics, lost, back }: ClientLog, published: readonly Published[]): Absence[] {
  return lost.flatMap((left, place) => {
    const until = lost[place + 1] ?? Number.POSITIVE_INFINITY;
    const connected = back.find((at) => at >= left && at <= until);
    if (connected === undefined) return [];
    let whole = connected;
    for (const { topic, first, at } of published) {
      const log = topics.find((one) => one.topic === topic);
      for (const [index, time] of (log?.at ?? []).entries()) {
        const sent = at[(log?.seen[index] ?? TOLD) - first];
        if (sent !== undefined && sent <= connected && time > whole && time < until) whole = time;
      }
    }
    return [{ lost: left, whole }];
  });
}

/** When a client had, of every topic, something that was published after a moment; or never. */
export function heardAgain({ topics }: ClientLog, published: readonly Published[], since: number): number {
  return Math.max(
    ...published.map(({ topic, first, at }) => {
      const log = topics.find((one) => one.topic === topic);
      const place = (log?.seen ?? []).findIndex((n) => (at[n - first] ?? 0) >= since);
      return log?.at[place] ?? Number.POSITIVE_INFINITY;
    }),
  );
}

/** The most events within one second, as a multiple of the mean over the time that they took. */
export function busiestSecond(events: readonly number[], from: number): number {
  if (events.length === 0) return Number.NaN;
  const seconds = new Map<number, number>();
  for (const at of events) {
    const second = Math.floor((at - from) / 1_000);
    seconds.set(second, (seconds.get(second) ?? 0) + 1);
  }
  const took = Math.max(1, (Math.max(...events) - from) / 1_000);
  return Math.max(...seconds.values()) / (events.length / took);
}
