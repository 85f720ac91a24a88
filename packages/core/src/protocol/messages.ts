/**
 * Every message of the protocol, decoded. PROTOCOL.md is the contract; these types are the same
 * contract for the compiler. A `ref` is a positive integer chosen by the client; the answer carries
 * it back.
 */
import type { ErrorCode } from "../errors.ts";

/** The protocol version of this release. */
export const PROTOCOL_VERSION = 1;

/**
 * A place in a topic's log. `offset` starts at 1 and grows by exactly 1 within an `epoch`; 0 is
 * before the first.
 */
export interface Position {
  /** Names one unbroken numbering of a topic. Positions of different epochs cannot be compared. */
  readonly epoch: string;
  readonly offset: number;
}

/** Why continuity could not be proven; see PROTOCOL.md. A later hub may send others. */
export type GapReason = "evicted" | "epoch" | "overflow" | "limit" | "authorization" | "transport";

/** First message of a client. Nothing else may be sent before the `welcome`. */
export interface Hello {
  readonly type: "hello";
  readonly protocol: number;
  /**
   * The channel's own random id; it stays the same on every link of the channel, so that
   * `excludeSelf` survives a reconnect.
   */
  readonly session: string;
  readonly token?: string | undefined;
}
export interface Subscribe {
  readonly type: "subscribe";
  readonly ref: number;
  readonly topic: string;
  /** The last position delivered to the application. Absent: from now on. */
  readonly position?: Position | undefined;
  /** Notifications from before now that come first. Without a meaning beside a `position`. */
  readonly history?: Recent | undefined;
}
/** The newest stored notifications of a topic. */
export interface Recent {
  /** At most so many. Absent: as many as the hub gives. */
  readonly limit?: number | undefined;
  /** None from before this time, in wall-clock milliseconds since 1970. */
  readonly since?: number | undefined;
}
/** Asks for a page of a topic's stored notifications, the newest below `before`. */
export interface ReadHistory extends Recent {
  readonly type: "history";
  readonly ref: number;
  readonly topic: string;
  /** The page ends right before this position. Absent: with the newest notification. */
  readonly before?: Position | undefined;
}
/** The `data` of the answer to {@link ReadHistory}; its `position` is that of the first place. */
export interface HistoryPage {
  /** In order, each as it travels: `["n", …]`. */
  readonly notifications: readonly (readonly unknown[])[];
  /** Whether older ones that were asked for are stored. */
  readonly more: boolean;
}
export interface Unsubscribe {
  readonly type: "unsubscribe";
  readonly ref: number;
  readonly topic: string;
}
export interface Publish {
  readonly type: "publish";
  readonly ref: number;
  readonly topic: string;
  readonly event: string;
  readonly data: unknown;
  /** Makes the publish idempotent for 5 minutes. */
  readonly id: string;
  /** `true`: everyone but this channel receives it. */
  readonly excludeSelf?: boolean | undefined;
}
/** A fresh token for the same user. */
export interface Token {
  readonly type: "token";
  readonly ref: number;
  readonly token: string;
}
/** Asks the other side for a sign of life; it answers `pong`. */
export interface Ping {
  readonly type: "ping";
}
/**
 * The answer to `ping`. Any message at all counts as a sign of life; this one has no other meaning.
 */
export interface Pong {
  readonly type: "pong";
}
export type ClientMessage = Hello | Subscribe | Unsubscribe | ReadHistory | Publish | Token | Ping | Pong;

/** The hub accepted the hello. */
export interface Welcome {
  readonly type: "welcome";
  /** The client treats the link as dead when it hears nothing for this many milliseconds. */
  readonly idleTimeout: number;
  /** The largest message the hub takes, in bytes. */
  readonly maxMessageBytes: number;
}
/** The next notification of the topic after this message has offset `position.offset + 1`. */
export interface Subscribed {
  readonly type: "subscribed";
  readonly ref: number;
  readonly topic: string;
  readonly position: Position;
  /**
   * Present when the requested position cannot be continued: notifications between it and
   * `position` will not be sent.
   */
  readonly gap?: GapReason;
}
/** The answer to `unsubscribe` and `token`. */
export interface Done {
  readonly type: "done";
  readonly ref: number;
}
export interface Notified {
  readonly type: "notification";
  readonly topic: string;
  readonly event: string;
  readonly data: unknown;
  /**
   * `data` as JSON, when the sender has it already; an encoder uses it instead of serializing
   * `data` again.
   */
  readonly json?: string;
  /**
   * The offset in the epoch of the topic's `subscribed`; 0 for a volatile event, which has none.
   */
  readonly offset: number;
  /** The time of publishing, in wall-clock milliseconds since 1970. */
  readonly time: number;
  /**
   * The publisher's id; absent when the publisher gave none, and then `epoch/offset` stands for it.
   */
  readonly id?: string | undefined;
}
/**
 * The cursor moves to `offset` without a notification: the ones before it were superseded
 * (conflated) or excluded.
 */
export interface Skip {
  readonly type: "skip";
  readonly topic: string;
  readonly offset: number;
}
/** Continuity ends here; the next notification of the topic has offset `position.offset + 1`. */
export interface GapMessage {
  readonly type: "gap";
  readonly topic: string;
  readonly position: Position;
  readonly reason: GapReason;
}
/**
 * The head of the topic, sent after it has moved, so that the loss of a last notification is
 * detected.
 */
export interface Head {
  readonly type: "head";
  readonly topic: string;
  readonly position: Position;
}
/**
 * The answer to `publish`: appended at `position` (null for a volatile event or a handled command).
 * Also the answer to `history`, with a {@link HistoryPage}.
 */
export interface Acknowledged {
  readonly type: "acknowledged";
  readonly ref: number;
  readonly position: Position | null;
  /** The return value of the command's handler, or the page. */
  readonly data?: unknown;
}
/**
 * With `ref`: the command failed. With `topic` and no `ref`: the subscription was ended by the hub.
 * Neither: about the link.
 */
export interface Failed {
  readonly type: "error";
  readonly ref?: number;
  readonly topic?: string;
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfter?: number;
}
/** A user who is subscribed to a `presence-` topic, on any number of links. */
export interface Member {
  /** The user's id. */
  readonly id: string;
  /** The `info` of the identity that `authenticate` returned. */
  readonly info?: unknown;
}
/** All members, sent after each `subscribed` of a `presence-` topic. */
export interface Members {
  readonly type: "members";
  readonly topic: string;
  readonly members: readonly Member[];
  /** The number of members; `members` has fewer when the hub had to omit some. */
  readonly count: number;
}
/** A member joined by its first link. Sent again when its info has changed. */
export interface Joined {
  readonly type: "joined";
  readonly topic: string;
  readonly member: Member;
}
/** A member left with its last link. */
export interface Left {
  readonly type: "left";
  readonly topic: string;
  readonly id: string;
}
/** The token expires in this many milliseconds; the client should send a fresh one. */
export interface Expiring {
  readonly type: "expiring";
  readonly in: number;
}
/** Sent before the close on transports that cannot carry a close code. */
export interface Bye {
  readonly type: "bye";
  readonly code: ErrorCode;
  readonly reason?: string;
  readonly retryAfter?: number;
}
export type ServerMessage =
  | Welcome
  | Subscribed
  | Done
  | Notified
  | Skip
  | GapMessage
  | Head
  | Acknowledged
  | Failed
  | Members
  | Joined
  | Left
  | Expiring
  | Ping
  | Pong
  | Bye;
