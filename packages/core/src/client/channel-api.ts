/** The channel as an application sees it: its options and its methods. */
import type { Capabilities, Supported } from "../capabilities.ts";
import type { Clock } from "../clock.ts";
import type { Contract, EventsOf, InputOf, ResultOf, TopicMap, TopicsOf } from "../contract.ts";
import type { Transport } from "../link.ts";
import type { Position } from "../protocol/messages.ts";
import type { BackoffOptions } from "./backoff.ts";
import type { TokenSource } from "./connection.ts";
import type { ChannelState, ChannelStatus } from "./connection-machine.ts";
import type { ChannelOutbox } from "./outbox.ts";
import type { PositionStore } from "./positions.ts";
import type { SubscriptionTo } from "./subscription.ts";

/** Options of {@link createChannel}. */
export interface ChannelOptions<M extends TopicMap, T extends Transport = Transport> {
  /** The contract. */
  readonly topics: Contract<M>;
  readonly transport: T;
  /**
   * Capabilities that the application cannot do without, such as `["history"]`. `createChannel` and
   * `switchTransport` refuse a transport that lacks one.
   */
  readonly requires?: readonly Supported<T["capabilities"]>[];
  /** Asked before every attempt, and when the hub says that the token is about to expire. */
  readonly token?: TokenSource;
  /** Keeps positions across restarts. Default: in memory, for the life of the channel. */
  readonly positions?: PositionStore;
  /**
   * Keeps publishes that wait, as `storedOutbox` does. Default: in memory, for the life of the
   * channel.
   */
  readonly outbox?: OutboxSource;
  /** Delays between attempts. Default: 500 ms, doubling up to 20 s, with full jitter. */
  readonly backoff?: Partial<BackoffOptions>;
  /**
   * Milliseconds without a connection after which the state is `suspended`. Default: 300,000, the
   * time for which a hub keeps notifications by default.
   */
  readonly suspendAfter?: number;
  readonly clock?: Clock;
  /** From [0, 1). Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * Makes the outbox of a channel that is created with these options. `report`: to the channel's
 * `onError`. `flush`: sends what is due; not to be called before the outbox is returned.
 */
export type OutboxSource = (
  options: ChannelOptions<TopicMap>,
  report: (error: unknown) => void,
  flush: () => void,
) => ChannelOutbox;

/** Options of {@link NotificationChannel.publish}. */
export interface ChannelPublishOptions {
  /** Makes the publish idempotent for 5 minutes. Default: a random id. */
  readonly id?: string;
  /** Whether everyone but this channel receives the notification. Default: false. */
  readonly excludeSelf?: boolean;
  /**
   * Gives up waiting: the publish rejects with `no_answer` when a timeout signal fires, and
   * otherwise with `aborted`. The hub may have appended it all the same.
   */
  readonly signal?: AbortSignal;
}

/** The hub's acknowledgement. */
export interface Receipt<Data = unknown> {
  /**
   * The position at which the hub appended the publish. Null for a volatile event, and for a
   * command that a handler took.
   */
  readonly position: Position | null;
  /** The result of the command's handler, validated by the contract. */
  readonly data: Data;
}

/** The topics of a contract that a client can subscribe to over a transport. */
export type Subscribable<M extends TopicMap, C extends Capabilities> = C["presence"] extends "none"
  ? Exclude<TopicsOf<M>, `presence-${string}`>
  : TopicsOf<M>;

/** The topics of a contract that a client can publish to over a transport. */
export type Publishable<M extends TopicMap, C extends Capabilities> = C["clientPublish"] extends "none"
  ? never
  : TopicsOf<M>;

/** A typed notification channel over any transport. */
export interface NotificationChannel<M extends TopicMap, C extends Capabilities = Capabilities> {
  readonly state: ChannelState;
  /**
   * The state and its reason: why there is no link, the number of the attempt, and the delay before
   * the next one.
   */
  readonly status: ChannelStatus;
  /** Connects now; otherwise the first `subscribe` or `publish` does. */
  connect(): void;
  /** Subscribes, now or as soon as there is a link. Throws `unknown_topic` or `closed`. */
  subscribe<T extends Subscribable<M, C>>(topic: T): SubscriptionTo<M, T>;
  /**
   * Publishes, and resolves when the hub has appended the notification. Without a link the publish
   * waits in the outbox, in order; a volatile event rejects with `link_lost` instead. Also rejects
   * with `unknown_topic`, `unknown_event`, `invalid_data`, `too_large`, `outbox_full`, `forbidden`
   * or `closed`. A command whose result violates the contract rejects with `invalid_data` after it
   * was carried out.
   */
  publish<T extends Publishable<M, C>, E extends EventsOf<M, T>>(
    topic: T,
    event: E,
    data: InputOf<M, T, E>,
    options?: ChannelPublishOptions,
  ): Promise<Receipt<ResultOf<M, T, E>>>;
  /**
   * Moves to another transport. A link that exists stays in use until the hub has welcomed the new
   * one. Then subscriptions go on from their positions, publishes without an answer are sent again
   * under their ids, and the state stays `connected`. As after a loss, a command without an answer
   * may be carried out twice, and a volatile event without one rejects with `link_lost`. Without a
   * link, the new transport replaces the first one at once.
   *
   * Resolves when the channel is connected over the new transport. Rejects with the reason for
   * which the new transport failed; then nothing has changed. Also rejects with `aborted` when a
   * later switch replaces this one, with `closed`, and with `invalid_option` when the transport
   * lacks a required capability.
   */
  switchTransport(transport: Transport): Promise<void>;
  /** Reports every change of the state. `status.cause` says why the channel is not connected. */
  onState(listener: (state: ChannelState, status: ChannelStatus) => unknown): () => void;
  /**
   * Reports errors that no call returns: a listener that threw, data that violates the contract,
   * and the reason for which the channel failed.
   */
  onError(listener: (error: unknown) => unknown): () => void;
  /** Ends the subscriptions and the link for good. Publishes that wait reject with `closed`. */
  close(): void;
}
