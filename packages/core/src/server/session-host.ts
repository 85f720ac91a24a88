/** What a session asks of its hub. The hub implements it; a session knows nothing else of the hub. */
import type { Clock } from "../clock.ts";
import type { ErrorCode } from "../errors.ts";
import type { CloseCause } from "../link.ts";
import type { Member } from "../protocol/messages.ts";
import type { Handshake, Publication, PublishAnswer } from "./hub-link.ts";
import type { Identity } from "./identity.ts";
import type { Limits } from "./limits.ts";
import type { Pacer } from "./link-queue.ts";
import type { Reader, Topic } from "./topic.ts";

/** A session as its hub sees it. */
export interface LiveSession<I extends Identity> {
  readonly identity: I | undefined;
  readonly topics: Iterable<string>;
  /** Whether the adapter has decided that it may subscribe. */
  granted(topic: string): boolean;
  revoke(topic: string, code: ErrorCode): void;
  end(cause: CloseCause): void;
  drain(cause: CloseCause, ms: number): Promise<void>;
  beat(now: number): void;
}

/** Who publishes. */
export interface Publisher<I extends Identity> {
  readonly identity: I;
  readonly session: string;
  /** Whether the adapter has decided that it may. */
  readonly granted: boolean;
}

export interface SessionHost<I extends Identity> {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly pacer: Pacer;
  /** Rejects with `unauthorized`. */
  authenticate(token: string | undefined, handshake: Handshake): Promise<I>;
  /** Rejects with `unknown_topic` or `forbidden`. */
  authorize(
    identity: I,
    action: "subscribe" | "publish",
    topic: string,
    event: string | undefined,
    options?: { readonly granted?: boolean },
  ): Promise<void>;
  /** Who it is on a `presence-` topic. Throws `forbidden` or `too_large`. */
  member(identity: I, granted: Member | undefined): Member;
  /** Asks again for every topic of the session, and ends those subscriptions that are refused now. */
  reauthorize(session: LiveSession<I>): Promise<void>;
  publish(publisher: Publisher<I>, publication: Publication): Promise<PublishAnswer>;
  /** The open topic of that name. */
  topic(name: string): Topic;
  /** `lost`: the reader may come back. */
  leave(name: string, topic: Topic, reader: Reader, lost: boolean): void;
  /** Counts a session in; a cause when its user has too many. */
  entered(session: LiveSession<I>): CloseCause | undefined;
  ended(session: LiveSession<I>): void;
  /** Tells the application of an error in its own code. */
  report(error: unknown): void;
}
