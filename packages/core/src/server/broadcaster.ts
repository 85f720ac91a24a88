/**
 * A provider that fans out for the hub, such as hosted Pusher: its clients are connected to it and
 * not to us.
 */
import type { Position } from "../protocol/messages.ts";

/** A notification on its way out. */
export interface Broadcast {
  readonly topic: string;
  readonly event: string;
  /** The data as JSON. */
  readonly json: string;
  /** Null for a volatile event, which has no place. */
  readonly position: Position | null;
  /** Wall-clock milliseconds since 1970. */
  readonly time: number;
  readonly id?: string | undefined;
  /** The session that must not receive it. */
  readonly exclude?: string | undefined;
}

/**
 * Takes every notification that this hub publishes; those of other hubs on the backplane are theirs
 * to hand out.
 */
export interface Broadcaster {
  /** For errors and logs. */
  readonly name: string;
  /**
   * Takes one notification, in the order of its topic. MUST return at once and MUST NOT throw: what
   * cannot be delivered is told to the application by the broadcaster's own means. A publish that
   * was repeated under its id may come again.
   */
  publish(notification: Broadcast): void;
  /** Delivers what it holds, for at most `ms` milliseconds, and releases everything. */
  close(ms: number): Promise<void>;
}
