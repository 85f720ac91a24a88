/** What one run leaves behind for the ledger: who published what, what each session was handed, and where the logs ended. */
import type { GapReason, Position } from "../protocol/messages.ts";

/** Everything that one run left behind. Plain data: it can be written to a file and judged elsewhere. */
export interface RunLog {
  readonly publishes: readonly PublishEntry[];
  readonly sessions: readonly SessionEntries[];
  /** Where each topic's log stood after everything had come to rest. */
  readonly heads: readonly HeadEntry[];
}

/** One attempt to publish. A retry with the same id is another entry. */
export interface PublishEntry {
  readonly topic: string;
  /** The publisher's id. Absent: `epoch/offset` stands for it, and only an acknowledged publish can be recognised. */
  readonly id?: string | undefined;
  /** The data as JSON text, so that two values compare as texts. */
  readonly data: string;
  /** Whether `publish` resolved. When it rejected or never answered, the notification may or may not be in the log. */
  readonly acknowledged: boolean;
  /** What `publish` resolved with; null for a volatile event, or when it did not resolve. */
  readonly position: Position | null;
  /** Default: `logged`. */
  readonly kind?: "logged" | "volatile" | "conflated" | undefined;
  /** For `conflated`: what a later notification must have in common with this one to supersede it. */
  readonly key?: string | undefined;
  /** The session that must not receive it. */
  readonly excluded?: string | undefined;
}

/** What one channel object was handed, in the order in which its listeners ran. */
export interface SessionEntries {
  readonly session: string;
  readonly entries: readonly SessionEntry[];
}

/** One thing that happened to a session. */
export type SessionEntry =
  /** The subscription stands; the next notification is the one after `position`. */
  | { readonly type: "subscribed"; readonly topic: string; readonly position: Position }
  /** The application closed the subscription; nothing of the topic may follow. */
  | { readonly type: "unsubscribed"; readonly topic: string }
  /** The right to the topic was taken away, and the call that did so has returned; nothing of it may follow. */
  | { readonly type: "revoked"; readonly topic: string }
  /** A listener ran. Offset 0 is a volatile event. */
  | {
      readonly type: "delivered";
      readonly topic: string;
      readonly id: string;
      readonly data: string;
      readonly position: Position;
    }
  /** The application was told that what lies between `after` and `resumeAt` is not coming; null: nothing more comes. */
  | {
      readonly type: "gap";
      readonly topic: string;
      readonly after: Position | null;
      readonly resumeAt: Position | null;
      readonly reason: GapReason;
    };

/** Where a topic's log ended. */
export interface HeadEntry {
  readonly topic: string;
  readonly position: Position;
  /**
   * How many of the newest notifications the hub surely held, and would replay, at any time of the run. A gap `evicted` or
   * `limit` over no more than these is false. Default: 0, which excuses every such gap.
   */
  readonly window?: number | undefined;
}
