/** The channel as an application sees it: its options and its methods. */
import type { Capabilities, Supported } from "../capabilities.ts";
import type { Clock } from "../clock.ts";
import type { Contract, EventsOf, InputOf, ResultOf, TopicMap, TopicsOf } from "../contract.ts";
import type { Transport } from "../link.ts";
import type { Position } from "../protocol/messages.ts";
import type { BackoffOptions } from "./backoff.ts";
import type { TokenSource } from "./connection.ts";
import type { ChannelState, ChannelStatus } from "./connection-machine.ts";
import type { PositionStore } from "./positions.ts";
import type { SubscriptionTo } from "./subscription.ts";

/** Options of {@link createChannel}. */
export interface ChannelOptions<M extends TopicMap, T extends Transport = Transport> {
  /** The contract. */
  readonly topics: Contract<M>;
  readonly transport: T;
  /** What the application cannot do without, such as `["history"]`. A transport that lacks it is refused here, and by `switchTransport`. */
  readonly requires?: readonly Supported<T["capabilities"]>[];
  /** Asked before every attempt, and when the hub says that the token expires. */
  readonly token?: TokenSource;
  /** Keeps positions across restarts. Default: in memory, for the life of the channel. */
  readonly positions?: PositionStore;
  /** Delays between attempts. Default: 500 ms, doubling up to 20 s, with full jitter. */
  readonly backoff?: Partial<BackoffOptions>;
  /** Milliseconds without a connection after which the state is `suspended`. Default: 300,000, the hub's history. */
  readonly suspendAfter?: number;
  readonly clock?: Clock;
  /** From [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

/** Options of {@link NotificationChannel.publish}. */
export interface ChannelPublishOptions {
  /** Makes the publish idempotent for 5 minutes. Default: a random id. */
  readonly id?: string;
  /** Everyone but this channel receives it. Default: false. */
  readonly excludeSelf?: boolean;
  /** Gives up waiting: rejects with `no_answer` (a timeout signal) or `aborted`. The hub may have appended it all the same. */
  readonly signal?: AbortSignal;
}

/** The hub's acknowledgement. */
export interface Receipt<Data = unknown> {
  /** Where it was appended; null for a volatile event, and for a command, which a handler took. */
  readonly position: Position | null;
  /** What the command's handler returned, as the contract's schema made it. */
  readonly data: Data;
}

/** The topics of a contract that can be subscribed over a wire. */
export type Subscribable<M extends TopicMap, C extends Capabilities> = C["presence"] extends "none"
  ? Exclude<TopicsOf<M>, `presence-${string}`>
  : TopicsOf<M>;

/** The topics of a contract that a client can publish to over a wire. */
export type Publishable<M extends TopicMap, C extends Capabilities> = C["clientPublish"] extends "none"
  ? never
  : TopicsOf<M>;

/** A typed notification channel over whatever wire its transport speaks. */
export interface NotificationChannel<M extends TopicMap, C extends Capabilities = Capabilities> {
  readonly state: ChannelState;
  /** The state with what led to it: why there is no link, which attempt it is, and when the next one comes. */
  readonly status: ChannelStatus;
  /** Connects now; otherwise the first `subscribe` or `publish` does. */
  connect(): void;
  /** Subscribes, now or as soon as there is a link. Throws `unknown_topic` or `closed`. */
  subscribe<T extends Subscribable<M, C>>(topic: T): SubscriptionTo<M, T>;
  /**
   * Publishes and resolves when the hub has appended it. While away it waits in the outbox, in order; a volatile event rejects with
   * `link_lost` instead. Also rejects with `unknown_topic`, `unknown_event`, `invalid_data`, `too_large`, `outbox_full`, `forbidden`, `closed`.
   * A command whose answer is off the contract rejects with `invalid_data`, too, after it was carried out.
   */
  publish<T extends Publishable<M, C>, E extends EventsOf<M, T>>(
    topic: T,
    event: E,
    data: InputOf<M, T, E>,
    options?: ChannelPublishOptions,
  ): Promise<Receipt<ResultOf<M, T, E>>>;
  /**
   * Goes on over another transport. A link that is there stays in use until the hub has welcomed the other one; then subscriptions go on
   * from their positions, publishes without an answer are sent again under their ids, and the state stays `connected`. As after a loss,
   * a command without an answer may be carried out twice, and a volatile event without one rejects with `link_lost`. Rejects with why the
   * other did not work, and then nothing has changed. Without a link the other transport takes the place of the first at once.
   * Resolves when connected over it. Rejects also with `aborted`, when a later switch takes its place, `closed`, and `invalid_option`,
   * when it lacks what the channel requires.
   */
  switchTransport(transport: Transport): Promise<void>;
  /** Hears of every change of the state. `status.cause` says why the channel is not connected. */
  onState(listener: (state: ChannelState, status: ChannelStatus) => unknown): () => void;
  /** Hears what has no other way to the application: a listener that threw, data off the contract, why the channel failed. */
  onError(listener: (error: unknown) => unknown): () => void;
  /** Ends subscriptions and the link for good; publishes that wait reject with `closed`. */
  close(): void;
}
