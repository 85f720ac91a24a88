/** The hub as one of its connections sees it, and a connection as the hub does. */
import type { Clock } from "../clock.ts";
import type { TopicMatch } from "../contract.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import type { Publication, PublishAnswer } from "./acceptor.ts";
import type { Access } from "./access.ts";
import type { Admission } from "./admission.ts";
import type { HubEmitter } from "./hub-events.ts";
import type { Identity } from "./identity.ts";
import type { Limits } from "./limits.ts";
import type { Pacer } from "./pacer.ts";
import type { Publisher } from "./publishing.ts";
import type { Topic } from "./topic.ts";

/** A connection as its hub sees it. */
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

/** The parts of a hub that a connection uses. */
export interface ConnectionHost<I extends Identity> {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly pacer: Pacer;
  readonly access: Access<I>;
  readonly admission: Pick<Admission, "entered" | "ended" | "report">;
  readonly events: HubEmitter;
  publish(publisher: Publisher<I>, publication: Publication): Promise<PublishAnswer>;
  /** The open topic of that name. */
  topic(name: string, match: TopicMatch): Topic;
  /** Tells the application of an error in its own code. */
  report(error: unknown): void;
}
