/** The log of one run, for the ledger: publishes, deliveries to each session, and final heads. */
import type { GapReason, Position } from "../protocol/messages.ts";

/** The log of one run. Plain data: it can be written to a file and judged elsewhere. */
export interface RunLog {
  readonly publishes: readonly PublishEntry[];
  readonly sessions: readonly SessionEntries[];
  /** The head of each topic's log after the run had come to rest. */
  readonly heads: readonly HeadEntry[];
}

/** One attempt to publish. A retry with the same id is another entry. */
export interface PublishEntry {
  readonly topic: string;
  /**
   * The publisher's id. Absent: `epoch/offset` stands for it, and only an acknowledged publish can
   * be recognised.
   */
  readonly id?: string | undefined;
  /** The data as JSON text, so that two values compare as texts. */
  readonly data: string;
  /** Whether `publish` resolved. Otherwise the notification may or may not be in the log. */
  readonly acknowledged: boolean;
  /** The position that `publish` gave; null for a volatile event, or without an answer. */
  readonly position: Position | null;
  /** Default: `logged`. */
  readonly kind?: "logged" | "volatile" | "conflated" | undefined;
  /** For `conflated`: a later notification with the same key supersedes this one. */
  readonly key?: string | undefined;
  /** The session that must not receive it. */
  readonly excluded?: string | undefined;
}

/** The events of one channel object, in the order in which its listeners ran. */
export interface SessionEntries {
  readonly session: string;
  readonly entries: readonly SessionEntry[];
}

/** One event of a session. */
export type SessionEntry =
  /** The subscription was confirmed; the next notification is the one after `position`. */
  | { readonly type: "subscribed"; readonly topic: string; readonly position: Position }
  /** The application closed the subscription; nothing of the topic may follow. */
  | { readonly type: "unsubscribed"; readonly topic: string }
  /** The revocation of the right to the topic has returned; nothing of the topic may follow. */
  | { readonly type: "revoked"; readonly topic: string }
  /** A listener ran. Offset 0 is a volatile event. */
  | {
      readonly type: "delivered";
      readonly topic: string;
      readonly id: string;
      readonly data: string;
      readonly position: Position;
    }
  /**
   * The application was told that nothing after `after`, up to `resumeAt`, will come. A `resumeAt`
   * of null: nothing more comes at all.
   */
  | {
      readonly type: "gap";
      readonly topic: string;
      readonly after: Position | null;
      readonly resumeAt: Position | null;
      readonly reason: GapReason;
    };

/** The end of a topic's log. */
export interface HeadEntry {
  readonly topic: string;
  readonly position: Position;
  /**
   * The number of newest notifications that the hub held, and would replay, at any time of the run.
   * A gap `evicted` or `limit` over no more than these is false. Default: 0, which excuses every
   * such gap.
   */
  readonly window?: number | undefined;
}
