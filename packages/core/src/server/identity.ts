/** The identity of a client, and the application's decisions about it. */

import type { Clock } from "../clock.ts";
import { BellwireError } from "../errors.ts";
import type { TopicParams } from "../protocol/names.ts";
import type { Handshake } from "./handshake.ts";

/**
 * The identity that `authenticate` derives from a token. Further properties reach `authorize` and
 * handlers.
 */
export interface Identity {
  /**
   * The user's id. Absent: an anonymous client, to whom limits per user and `revoke` do not apply.
   */
  readonly user?: string;
  /**
   * When the token ends, in wall-clock milliseconds since 1970; a number of seconds is refused and
   * reported.
   */
  readonly expiresAt?: number;
  /**
   * The information that other members of a `presence-` topic see of the user: at most 1 KiB of
   * JSON.
   */
  readonly info?: unknown;
}

/**
 * Turns a token into an identity. Null refuses the link with `unauthorized`, which is final. A
 * throw, a rejection and a time-out are no decision: they are reported to `onError`, the link
 * closes with `internal`, and the client tries again. To refuse by throwing, throw a
 * `BellwireError` of `unauthorized` or `forbidden`. Without this function every client is
 * anonymous.
 */
export type Authenticate<I extends Identity> = (request: {
  readonly token: string | undefined;
  readonly handshake: Handshake;
}) => I | null | Promise<I | null>;

/** A request of a client that the application decides on. */
export interface AccessRequest<I extends Identity> {
  readonly action: "subscribe" | "publish";
  readonly topic: string;
  /** The values of the pattern's `{names}`. */
  readonly params: TopicParams;
  /** The event, when publishing. */
  readonly event: string | undefined;
  readonly identity: I;
}

/**
 * Whether a client may. Anything but `true` refuses with `forbidden`, which is final. A throw, a
 * rejection and a time-out permit nothing, but are no decision: they are reported to `onError`, and
 * the client receives `internal` and tries again. Without this function clients may subscribe to
 * public topics and send commands, and nothing else. It is asked for every topic, public ones
 * included.
 */
export type Authorize<I extends Identity> = (request: AccessRequest<I>) => boolean | Promise<boolean>;

/**
 * Waits for an application's decision for at most `ms` milliseconds, then rejects with `no_answer`.
 */
export async function decided<T>(clock: Clock, ms: number, decide: () => T | Promise<T>): Promise<T> {
  const value = decide();
  if (typeof value !== "object" || value === null || !("then" in value)) return value;
  let cancel: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    cancel = clock.after(ms, () => reject(new BellwireError("no_answer", "the decision took too long")));
  });
  return Promise.race([value, late]).finally(() => cancel?.());
}
