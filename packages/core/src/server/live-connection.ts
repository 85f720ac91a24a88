/** The interface of a connection to its hub. */
import type { CloseCause } from "../protocol/close-codes.ts";

export interface LiveConnection {
  /** The identity's user, once there is one. */
  readonly user: string | undefined;
  /** Takes from a user its subscription to a topic on this link, or without a topic the link. */
  revokeUser(user: string, topic: string | undefined): void;
  end(cause: CloseCause): void;
  /** Takes no new commands; resolves when those under way have their answers. */
  settle(): Promise<void>;
  /** Sends everything that is due, and closes the link then or after `ms`. */
  drain(cause: CloseCause, ms: number): Promise<void>;
  /** Called about once a second. */
  beat(now: number): void;
}
