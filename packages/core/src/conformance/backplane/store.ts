/** The interface by which the backplane kit starts the implementation under test. */
import type { Backplane } from "../../server/index.ts";

/** Caps of the history of each topic; those that are absent are the backplane's own. */
export interface StoreHistory {
  /** Entries that reads find at least. Older ones may be evicted. */
  readonly size?: number;
  /** Milliseconds for which reads find an entry at least. */
  readonly ttl?: number;
}

/** The wishes of one case. */
export interface BackplaneSetup {
  /** Instances over one log, as the hubs of several processes have them. */
  readonly instances: number;
  /** Caps of history that the case needs. Absent: the defaults. */
  readonly history?: StoreHistory;
}

/** An empty log and the backplanes over it. */
export interface BackplaneStore {
  /**
   * At least one, and as many as were asked for where the engine can be shared. Where hubs share
   * one object, as with memory, it MAY be given several times; cases that need instances that
   * close separately are then skipped.
   */
  readonly instances: readonly Backplane[];
  /** The caps in effect. A case about a cap that is absent is skipped. */
  readonly history?: StoreHistory;
  /** Runs the eviction that otherwise waits for a timer. Absent: appends and reads evict. */
  evict?(): Promise<void>;
  /**
   * Moves the time by which the store expires entries and ids on by so many milliseconds. Absent:
   * it follows a real clock, and cases that take minutes are skipped.
   */
  advance?(ms: number): Promise<void>;
  /**
   * Loses the log of every topic, as an engine without persistence does when it restarts. Called
   * while nobody listens; resolves when appends work again. Absent: cases about a lost log are
   * skipped.
   */
  lose?(): Promise<void>;
  /** Called after the case, when every instance is closed. */
  release?(): Promise<void>;
}

/**
 * Makes a store of its own for one case: `make({ instances: 2 })` gives two backplanes over one
 * log. Nothing that an earlier call made may be visible in it.
 */
export type MakeBackplane = (setup: BackplaneSetup) => BackplaneStore | Promise<BackplaneStore>;
