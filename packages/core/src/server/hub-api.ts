/**
 * The hub as an application sees it: its options, its methods, and what a command's handler
 * receives.
 */
import type { Clock } from "../clock.ts";
import type {
  AnswerOf,
  Contract,
  DeclaredOf,
  EventName,
  HeardOf,
  InputOf,
  OutputOf,
  ParamName,
  TopicMap,
  TopicName,
  TopicsOf,
} from "../contract.ts";
import type { Member, Position } from "../protocol/messages.ts";
import type { LinkAcceptor, RequestAcceptor } from "./acceptor.ts";
import type { Backplane } from "./backplane.ts";
import type { Broadcaster } from "./broadcaster.ts";
import type { HubEvents } from "./hub-events.ts";
import type { Authenticate, Authorize, Identity } from "./identity.ts";
import type { Limits } from "./limits.ts";
import type { SlowConsumerPolicy } from "./slow-consumer.ts";

/** Options of {@link createHub}. */
export interface HubOptions<M extends TopicMap, I extends Identity> {
  /** The contract. */
  readonly topics: Contract<M>;
  readonly authenticate?: Authenticate<I>;
  readonly authorize?: Authorize<I>;
  /**
   * The policy for slow consumers, by topic pattern. Default: `conflate` where the topic has a
   * conflated event, else `disconnect`.
   */
  readonly slowConsumers?: { readonly [P in keyof M & string]?: SlowConsumerPolicy };
  /** Default: `memoryBackplane()`. */
  readonly backplane?: Backplane;
  /** Providers that get every notification that this hub publishes. Default: none. */
  readonly broadcasters?: readonly Broadcaster[];
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
  /**
   * Receives errors of the application's functions and of the backplane, and refusals of clients,
   * each kind once a minute. Default: `console.error`.
   */
  readonly onError?: (error: unknown) => void;
}

/** Options of {@link Hub.publish}. */
export interface PublishOptions {
  /**
   * Makes the publish idempotent for 5 minutes, among the server's own ids; 1 to 64 printable ASCII
   * characters.
   */
  readonly id?: string;
  /** The session that must not receive it, as a handler's request names it. */
  readonly exclude?: string;
}

/** The argument of a command's handler. */
export interface CommandRequest<
  M extends TopicMap,
  P extends keyof M & string,
  E extends string,
  I extends Identity,
> {
  readonly topic: TopicName<P>;
  readonly params: { readonly [K in ParamName<P>]: string };
  readonly data: OutputOf<DeclaredOf<M[P], E>>;
  readonly id: string;
  readonly identity: I;
  /**
   * The exclusion id of the publishing channel. As `exclude` of a publish, it keeps the publisher
   * from receiving that notification.
   */
  readonly session: string;
}

/** Options of {@link Hub.history}. */
export interface HubHistoryOptions {
  /** The page ends right before this position. Default: with the newest notification. */
  readonly before?: Position | undefined;
  /** Notifications in the page. Default and maximum: `limits.recovery`, which is 300. */
  readonly limit?: number | undefined;
  /** None from before this time, in wall-clock milliseconds since 1970. Default: no such bound. */
  readonly since?: number | undefined;
}

/** A notification as it is stored. */
export interface StoredNotification {
  /** The publisher's id, or `epoch/offset`. */
  readonly id: string;
  readonly topic: string;
  readonly event: string;
  /** As it was published; it was validated then. */
  readonly data: unknown;
  readonly position: Position;
  /** Wall-clock milliseconds since 1970. */
  readonly time: number;
}

/** A page of a topic's stored notifications. */
export interface HubHistory {
  /** Oldest first. */
  readonly notifications: readonly StoredNotification[];
  /** The `before` of the next older page; undefined when nothing older is stored. */
  readonly before: Position | undefined;
}

/** Options of {@link Hub.close}. */
export interface CloseOptions {
  /** Milliseconds to let handlers finish and queues drain. Default: 10,000. */
  readonly flush?: number;
  /** Clients reconnect after a random time of up to this many milliseconds. Default: 5,000. */
  readonly spread?: number;
}

/** The server side of a channel. */
export interface Hub<M extends TopicMap, I extends Identity = Identity>
  extends LinkAcceptor,
    RequestAcceptor {
  /**
   * Validates and publishes. Resolves after the append with the position, or with null for a
   * volatile event. Rejects with `unknown_topic`, `unknown_event` (also for a command),
   * `invalid_data`, `too_large` or `closed`.
   */
  publish<T extends TopicsOf<M>, E extends HeardOf<M, T>>(
    topic: T,
    event: E,
    data: InputOf<M, T, E>,
    options?: PublishOptions,
  ): Promise<Position | null>;
  /**
   * Handles the publishes of clients to an event: each is validated and authorized, then given to
   * the handler and not published. The handler's return value becomes the acknowledgement's data,
   * and for a command it must satisfy the contract. A {@link BellwireError} that it throws reaches
   * the client with its code; any other failure, such as a return value that the contract does not
   * permit, is `internal`. Returns a function that removes the handler.
   */
  handle<P extends keyof M & string, E extends EventName<M[P]>>(
    pattern: P,
    event: E,
    handler: (request: CommandRequest<M, P, E, I>) => AnswerOf<DeclaredOf<M[P], E>>,
  ): () => void;
  /**
   * The topic's present position. Take it before the query whose result joins the stream of
   * notifications: everything after it is delivered, and nothing is missing in between. Rejects
   * with `unknown_topic`.
   */
  position(topic: TopicsOf<M>): Promise<Position>;
  /**
   * A page of stored notifications, without authorization and with excluded ones. A page holds at
   * most 256 KiB. Rejects with `unknown_topic`.
   */
  history(topic: TopicsOf<M>, options?: HubHistoryOptions): Promise<HubHistory>;
  /**
   * Calls the listener at every such event; the returned function removes it. A listener that
   * throws or rejects is reported to `onError` and affects nothing else.
   */
  on<E extends keyof HubEvents>(event: E, listener: (payload: HubEvents[E]) => unknown): () => void;
  /**
   * The members who are present in a `presence-` topic, in no order. A hub knows the members of
   * other hubs only while one of its own links is subscribed; without one it knows none.
   */
  members(topic: TopicsOf<M>): readonly Member[];
  /**
   * Ends subscriptions of a user to a topic, or without a topic every link of the user, on all hubs
   * of the backplane: on this one before it returns, on the others within a second. Nothing is
   * delivered to the user after that, and none of its pending requests is carried out. Resolves
   * when the engine has taken it for the other hubs; if it does not, rejects with the backplane's
   * error and goes on trying. GUARANTEES.md defines the user on each transport.
   */
  revoke(user: string, topic?: TopicsOf<M>): Promise<void>;
  /**
   * Refuses new links and commands, waits for running handlers and answers their callers, flushes,
   * closes every link with the delay until its reconnect. Resolves when every link is closed.
   * Publishes reject with `closed` once the handlers are done.
   */
  close(options?: CloseOptions): Promise<void>;
  /** Links that are open now. */
  readonly links: number;
}
