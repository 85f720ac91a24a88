/** What a session asks of its hub. The hub implements it; a session knows nothing else of the hub. */
import type { Clock } from "../clock.ts";
import type { TopicMatch } from "../contract.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import type { Publication, PublishAnswer } from "./acceptor.ts";
import type { Access } from "./access.ts";
import type { Subscriber } from "./audience.ts";
import type { Identity } from "./identity.ts";
import type { Limits } from "./limits.ts";
import type { Pacer } from "./pacer.ts";
import type { Publisher } from "./publishing.ts";
import type { Topic } from "./topic.ts";

/** A session as its hub sees it. */
export interface LiveConnection {
  /** The identity's user, once there is one. */
  readonly user: string | undefined;
  /** Takes from a user what it has on this link: its subscription to a topic, or without a topic the link. */
  revokeUser(user: string, topic: string | undefined): void;
  end(cause: CloseCause): void;
  /** Takes no new commands from now on; resolves when those under way have their answers. */
  settle(): Promise<void>;
  /** Sends everything that is due, and closes the link then or after `ms`. */
  drain(cause: CloseCause, ms: number): Promise<void>;
  beat(now: number): void;
}

export interface ConnectionHost<I extends Identity> {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly pacer: Pacer;
  readonly access: Access<I>;
  publish(publisher: Publisher<I>, publication: Publication): Promise<PublishAnswer>;
  /** The open topic of that name. */
  topic(name: string, match: TopicMatch): Topic;
  /** `lost`: the subscriber may come back. */
  leave(name: string, topic: Topic, subscriber: Subscriber, lost: boolean): void;
  /** Counts a session in; a cause when its user has too many. */
  entered(session: LiveConnection): CloseCause | undefined;
  ended(session: LiveConnection): void;
  /** A client was refused for a reason that its operator can do something about. */
  refused(cause: CloseCause, transport: string): void;
  /** Tells the application of an error in its own code. */
  report(error: unknown): void;
}
