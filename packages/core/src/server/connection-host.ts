/** The interface of a hub to its connections. */
import type { Clock } from "../clock.ts";
import type { TopicMatch } from "../contract.ts";
import type { Publication, PublishAnswer } from "./acceptor.ts";
import type { Access } from "./access.ts";
import type { Admission } from "./admission.ts";
import type { Backplane } from "./backplane.ts";
import type { HubEmitter } from "./hub-events.ts";
import type { Identity } from "./identity.ts";
import type { Limits } from "./limits.ts";
import type { Pacer } from "./pacer.ts";
import type { Publisher } from "./publishing.ts";
import type { Topic } from "./topic.ts";

/** The parts of a hub that a connection uses. */
export interface ConnectionHost<I extends Identity> {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly pacer: Pacer;
  readonly access: Access<I>;
  readonly backplane: Backplane;
  readonly admission: Pick<Admission, "entered" | "ended" | "report">;
  readonly events: HubEmitter;
  publish(publisher: Publisher<I>, publication: Publication): Promise<PublishAnswer>;
  /** The open topic of that name. */
  topic(name: string, match: TopicMatch): Topic;
  /** Reports an error in the application's code to `onError`. */
  readonly report: (error: unknown) => void;
}
