/** How long each part of a run takes, and what it does. */

/** Parts of a run, in their order. */
export const PARTS = ["redis", "postgres", "commit", "fan-out", "replay", "faults"] as const;
export type Part = (typeof PARTS)[number];

/** One population of subscribers in the fan-out. */
export interface Crowd {
  readonly subscribers: number;
  readonly rounds: number;
  /** Notifications of a slice, and the milliseconds between two. */
  readonly notifications: number;
  readonly pace: number;
}

/** The size of a run. Times in milliseconds. */
export interface Plan {
  /** Appends: rounds of slices, and the length of one; then a paced part. */
  readonly append: { readonly rounds: number; readonly slice: number; readonly paced: number };
  /** Transactions that publish, and the time between two. */
  readonly commit: { readonly count: number; readonly every: number };
  readonly fanOut: readonly Crowd[];
  readonly replay: { readonly times: number };
  readonly faults: {
    readonly clients: number;
    /** Publishes per second, over all topics. */
    readonly rate: number;
    /** How often each fault happens, to each cluster. */
    readonly killed: number;
    readonly cut: number;
    readonly restarted: number;
    readonly rolled: number;
    /** Milliseconds over which a hub that closes spreads its clients' return. */
    readonly spread: number;
  };
  /** Seconds of each part, about. */
  readonly seconds: Readonly<Record<Part, number>>;
}

export const PLANS: Readonly<Record<"quick" | "default", Plan>> = {
  quick: {
    append: { rounds: 3, slice: 250, paced: 1_000 },
    commit: { count: 60, every: 20 },
    fanOut: [
      { subscribers: 200, rounds: 6, notifications: 20, pace: 5 },
      { subscribers: 1_000, rounds: 3, notifications: 8, pace: 25 },
    ],
    replay: { times: 40 },
    faults: { clients: 40, rate: 20, killed: 1, cut: 1, restarted: 1, rolled: 1, spread: 1_000 },
    seconds: { redis: 6, postgres: 8, commit: 5, "fan-out": 8, replay: 4, faults: 32 },
  },
  default: {
    append: { rounds: 12, slice: 700, paced: 8_000 },
    commit: { count: 1_000, every: 10 },
    fanOut: [
      { subscribers: 200, rounds: 24, notifications: 40, pace: 5 },
      { subscribers: 1_000, rounds: 12, notifications: 20, pace: 25 },
    ],
    replay: { times: 300 },
    faults: { clients: 200, rate: 20, killed: 5, cut: 3, restarted: 2, rolled: 1, spread: 5_000 },
    seconds: { redis: 38, postgres: 40, commit: 16, "fan-out": 35, replay: 15, faults: 160 },
  },
};
