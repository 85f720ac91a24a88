/** The interface between hubs and whatever orders, stores and spreads notifications. In memory by default. */
import type { GapReason, Position } from "../protocol/messages.ts";

/** A notification as the log holds it. */
export interface Entry {
  readonly id?: string | undefined;
  readonly event: string;
  /** The data as JSON. */
  readonly json: string;
  /** Wall-clock milliseconds since 1970. */
  readonly time: number;
  /** The session that must not receive it. */
  readonly exclude?: string | undefined;
  /** The epoch is that of the topic; 0 for a volatile event, which is never stored. */
  readonly offset: number;
}

/** An entry that has no place yet. */
export interface NewEntry extends Omit<Entry, "offset"> {
  /** The owner of the id: the same id of another publisher is another id. Absent: the server. */
  readonly publisher?: string | undefined;
}

/** Everything after a position, or why that cannot be had. */
export type History =
  | { readonly ok: true; readonly head: Position; readonly entries: readonly Entry[] }
  | { readonly ok: false; readonly head: Position; readonly reason: GapReason };

/** What a hub is told about a topic that it listens to. Entries of one epoch come in the order of their offsets. */
export type EntryListener = (epoch: string, entry: Entry) => void;

/**
 * Order, history and fan-out between hubs.
 * `append` MUST assign the next offset atomically with storing, and MUST be idempotent by `(topic, publisher, id)` for 5 minutes,
 * also when two calls are under way at once. An implementation MAY lose the delivery of an entry to a listener, but MUST NOT lose an
 * acknowledged append inside the window; the hub finds such a loss by `read`.
 */
export interface Backplane {
  /** Appends and answers with the position, the same one for an id seen before. */
  append(topic: string, entry: NewEntry): Promise<Position>;
  /**
   * Gives a volatile entry to every listener of the topic, at most once, with offset 0, and stores nothing: it changes no offset, and its
   * id makes nothing idempotent. Resolves when it was handed over.
   */
  spread(topic: string, entry: NewEntry): Promise<void>;
  /** Starts to listen; entries appended after the returned promise resolves MUST reach the listener. */
  listen(topic: string, listener: EntryListener): Promise<() => void>;
  /** Everything after the position, at most `limit` entries, or the reason why not. Without a position: only the head. */
  read(topic: string, after: Position | undefined, limit: number): Promise<History>;
  /** Releases everything; calls after it reject with `closed`. */
  close(): Promise<void>;
}
