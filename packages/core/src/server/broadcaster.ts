/**
 * A provider that fans out for the hub, such as hosted Pusher: clients are connected to the
 * provider and not to the hub.
 */
import type { Position } from "../protocol/messages.ts";

/** A notification for a broadcaster to deliver. */
export interface Broadcast {
  readonly topic: string;
  readonly event: string;
  /** The data as JSON. */
  readonly json: string;
  /** Null for a volatile event, which has no position. */
  readonly position: Position | null;
  /** Wall-clock milliseconds since 1970. */
  readonly time: number;
  readonly id?: string | undefined;
  /** The session that must not receive it. */
  readonly exclude?: string | undefined;
}

/**
 * Takes every notification that this hub publishes; each other hub on the backplane gives its own
 * to its broadcasters.
 */
export interface Broadcaster {
  /** For errors and logs. */
  readonly name: string;
  /**
   * Takes one notification, in the order of its topic. MUST return at once and MUST NOT throw: the
   * broadcaster reports failed deliveries to the application by its own means. A publish that was
   * repeated under its id may come again.
   */
  publish(notification: Broadcast): void;
  /** Delivers what it holds, for at most `ms` milliseconds, and releases everything. */
  close(ms: number): Promise<void>;
}
