/**
 * The interface between hubs and the engine that orders, stores and spreads notifications. The
 * default engine is this process's memory. `backplaneConformance` tests an implementation.
 */
import type { GapReason, Position } from "../protocol/messages.ts";

/** A notification as the log holds it. */
export interface Entry {
  readonly id?: string | undefined;
  readonly event: string;
  /** The data as JSON, byte for byte as it was appended. */
  readonly json: string;
  /** Wall-clock milliseconds since 1970, from the publishing hub. */
  readonly time: number;
  /** The session that must not receive it. */
  readonly exclude?: string | undefined;
  /** Counts from 1 within the topic's epoch; 0 for a volatile entry, which is never stored. */
  readonly offset: number;
}

/** An entry that has no offset yet. */
export interface NewEntry extends Omit<Entry, "offset"> {
  /** The owner of the id: the same id of another publisher is another id. Absent: the server. */
  readonly publisher?: string | undefined;
}

/**
 * The answer of `read`. `head` and `entries` MUST come from one moment, and the entries in order,
 * without a hole. Otherwise `reason` says why they cannot be read:
 * - `epoch`: the position has another epoch, or an offset above the head;
 * - `evicted`: at least one of the entries is no longer stored;
 * - `limit`: there are more than the caller wants.
 */
export type History =
  | { readonly ok: true; readonly head: Position; readonly entries: readonly Entry[] }
  | { readonly ok: false; readonly head: Position; readonly reason: GapReason };

/**
 * Receives the entries of one topic. Those of one epoch come in the order of their offsets. With a
 * volatile entry the epoch has no meaning.
 */
export type EntryListener = (epoch: string, entry: Entry) => void;

/**
 * Order, history and fan-out between hubs. Hubs of several processes each have an instance, all of
 * them over one log.
 *
 * - The log is the truth and a delivery is a hint: an implementation MAY lose a delivery when it
 *   loses its connection, since hubs find the loss and repair it by `read`. It MUST NOT lose an
 *   acknowledged append inside the window of history.
 * - It MUST start a new epoch when it lost acknowledged entries or can no longer tell the head, so
 *   that no offset stands for two entries.
 * - The position of a topic without entries has offset 0 and MUST stay valid: the first append
 *   continues its epoch.
 * - By default it SHOULD keep at least 256 entries of a topic for 5 minutes.
 */
export interface Backplane {
  /**
   * Appends and answers with the position. MUST assign the next offset, one above the head,
   * atomically with storing, and MUST deliver only what a read already finds. MUST be idempotent
   * by `(topic, publisher, id)` for 5 minutes, also when two calls run at once: an id seen before
   * gets the position of its first append, and stores and delivers nothing.
   */
  append(topic: string, entry: NewEntry): Promise<Position>;
  /**
   * Hands a volatile entry to every listener of the topic, this instance's included, at most once,
   * with offset 0, and resolves when the engine has taken it. Entries of one instance MUST arrive
   * in the order of the calls; presence depends on it. Hubs talk to each other by such entries, on
   * topics that begin with `$`, and theirs may be larger than a notification. MUST NOT store it,
   * change an offset, or remember its id.
   */
  spread(topic: string, entry: NewEntry): Promise<void>;
  /**
   * Starts to listen. Entries appended after the promise resolves MUST reach the listener; earlier
   * ones may. After the returned function was called, the listener MUST NOT be called. An error
   * that a listener throws MUST NOT reach the publisher or another listener.
   */
  listen(topic: string, listener: EntryListener): Promise<() => void>;
  /**
   * Everything after the position if that is at most `limit` entries, else the reason why not;
   * never a part of it. Without a position: the newest `limit` entries, fewer where older ones are
   * no longer stored. With `before`, which comes only without `after`: those below it; it refuses
   * only for `epoch`. MUST find every append that was acknowledged before the call, through
   * whichever instance. SHOULD carry out the calls of one tick in one round trip, since a hub
   * compares the heads of all its topics at once.
   */
  read(topic: string, after: Position | undefined, limit: number, before?: Position): Promise<History>;
  /**
   * Releases everything that this instance holds; other instances go on. Its listeners are no
   * longer called. Later calls of the other methods MUST reject with `closed`; a second `close`
   * resolves.
   */
  close(): Promise<void>;
}
