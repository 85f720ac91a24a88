/**
 * Adds to a channel what those need who join a topic late. A function of its own, so that a page
 * without it does not download it.
 */
import type { Capabilities } from "../../capabilities.ts";
import { type TopicMap, type TopicMatch, type TopicsOf, validate } from "../../contract.ts";
import { BellwireError } from "../../errors.ts";
import { atLeast, callable, checkOptions, isObject } from "../../options.ts";
import { isPosition, readServerMessage } from "../../protocol/codec.ts";
import type { HistoryPage, Notified, Position, Recent } from "../../protocol/messages.ts";
import type { NotificationChannel, Subscribable } from "../channel-api.ts";
import type { Notification, NotificationOf, SubscriptionHandle, SubscriptionTo } from "../subscription.ts";
import type { ExtensibleChannel } from "./extensible-channel.ts";
import { LateSubscription } from "./late-subscription.ts";
import { Requests } from "./requests.ts";
import { type Snapshot, type SnapshotSource, withSnapshots } from "./snapshots.ts";

/** Options of {@link HistoryChannel.subscribe}. */
export interface SubscribeOptions {
  /**
   * Notifications from before the subscription, which its listeners receive first: the newest so
   * many, or those since a time in milliseconds since 1970. At most 300, of those that the hub
   * still holds. Other subscriptions of the channel to the topic do not receive them. Default:
   * none.
   */
  readonly history?: number | { readonly since: number; readonly limit?: number };
}

/** Options of {@link HistoryChannel.history}. */
export interface HistoryOptions {
  /** The `before` of a page; the older one is wanted. Default: the newest notifications. */
  readonly before?: Position | undefined;
  /** Notifications in the page. Default and maximum: what the hub gives, 300. */
  readonly limit?: number | undefined;
  /** None from before this time, in milliseconds since 1970. Default: no such bound. */
  readonly since?: number | undefined;
  /** Gives up waiting: `no_answer` when a timeout signal fires, and otherwise `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/** A page of a topic's past. */
export interface TopicHistory<M extends TopicMap, T extends string> {
  /** Oldest first, without those that violate the contract, which `onError` reports. */
  readonly notifications: readonly NotificationOf<M, T>[];
  /** The `before` of the next older page; undefined when nothing older is stored. */
  readonly before: Position | undefined;
}

/** The topics of a contract whose past a client can read over a transport. */
export type Pageable<M extends TopicMap, C extends Capabilities> = C["paging"] extends "none"
  ? never
  : TopicsOf<M>;

/** A subscription that begins with a snapshot. */
export type SnapshotSubscription<M extends TopicMap, T extends string, S> = SubscriptionTo<M, T> & {
  /** Reports each snapshot, before any notification that is not in it. */
  onState(listener: (state: S) => unknown): () => void;
};

/** A channel whose subscriptions can begin with the past. */
export interface HistoryChannel<M extends TopicMap, C extends Capabilities = Capabilities>
  extends NotificationChannel<M, C> {
  /**
   * Subscribes, and receives first the notifications of the past that `history` asks for, then live
   * ones, in order and once. `ready` resolves with the position before the first of them. When they
   * cannot be read, the reason goes to `onError`, and the subscription begins without them.
   */
  subscribe<T extends Pageable<M, C>>(topic: T, options: SubscribeOptions): SubscriptionTo<M, T>;
  /**
   * Subscribes, and begins with a snapshot of what the topic is about, such as the rows of a query.
   * `state` is called once the hub has subscribed the channel, and again after each gap. `onState`
   * reports the snapshot; notifications that its position covers are left out, all later ones
   * follow. While `state` fails, or its position is older than the subscription, it is called again
   * with growing delays, and the reason goes to `onError`.
   */
  subscribe<T extends Pageable<M, C>, S extends Snapshot>(
    topic: T,
    options: { readonly state: SnapshotSource<S> },
  ): SnapshotSubscription<M, T, S>;
  subscribe<T extends Subscribable<M, C>>(topic: T): SubscriptionTo<M, T>;
  /**
   * Reads a topic's past page by page, backwards, subscribed or not. Without a link the request
   * waits for the next one, and it is repeated while the hub cannot answer. Rejects with
   * `unknown_topic`, `forbidden` or `closed`, and with `malformed` when the hub does not know such
   * requests.
   */
  history<T extends Pageable<M, C>>(topic: T, options?: HistoryOptions): Promise<TopicHistory<M, T>>;
}

/**
 * Adds `history`, and the options of `subscribe`, to a channel, and returns that channel.
 *
 * @example const channel = withHistory(createChannel({ topics, transport }));
 *   channel.subscribe("workouts.42", { history: 20 });
 */
export function withHistory<M extends TopicMap, C extends Capabilities>(
  channel: NotificationChannel<M, C>,
): HistoryChannel<M, C> {
  const past = new Past(channel as unknown as ExtensibleChannel);
  return Object.assign(channel, past.methods) as unknown as HistoryChannel<M, C>;
}

interface Options extends SubscribeOptions {
  readonly state?: SnapshotSource<Snapshot>;
}

interface Page {
  readonly notifications: readonly Notification[];
  /** The position of the first place of the page. */
  readonly first: Position;
  readonly more: boolean;
}

class Past {
  readonly #channel: ExtensibleChannel;
  readonly #requests: Requests;
  readonly #subscribe: (topic: string) => SubscriptionHandle;

  constructor(channel: ExtensibleChannel) {
    this.#channel = channel;
    this.#requests = new Requests(channel);
    this.#subscribe = channel.subscribe.bind(channel);
  }

  readonly methods = {
    subscribe: (topic: string, options: Options = {}): SubscriptionHandle => {
      checkOptions("subscribe", options, { history: recentRule, state: callable });
      const { history, state } = options;
      if (history && state)
        throw new BellwireError("invalid_option", "subscribe: history or state, not both");
      if (state) return withSnapshots(this.#subscribe(topic), state, this.#channel);
      if (!history) return this.#subscribe(topic);
      return this.#withPast(topic, typeof history === "number" ? { limit: history } : history);
    },
    history: async (
      topic: string,
      { signal, ...options }: HistoryOptions = {},
    ): Promise<{ notifications: readonly Notification[]; before: Position | undefined }> => {
      checkOptions("history", options, { before: positionRule, limit: atLeast(1), since: atLeast(0) });
      const { notifications, first, more } = await this.#read(topic, options, signal);
      return { notifications, before: more ? first : undefined };
    },
  };

  /** A subscription that begins with the newest of the past. */
  #withPast(topic: string, recent: Recent): LateSubscription {
    const { report } = this.#channel;
    const inner = this.#subscribe(topic);
    const late = new LateSubscription(inner, report, () => {
      report(new BellwireError("slow_consumer", "too many notifications wait for the history"));
      if (inner.position) late.begin(inner.position, undefined);
    });
    inner.onGap((gap) => late.inTurn(() => late.gap(gap)));
    const given = new AbortController();
    late.onEnd(() => given.abort());
    const begin = async (joined: Position): Promise<void> => {
      try {
        const before = { ...joined, offset: joined.offset + 1 };
        const { notifications, first } = await this.#read(topic, { ...recent, before }, given.signal);
        late.beginWithPast({ ...first, offset: first.offset - 1 }, notifications, joined);
      } catch (error) {
        if (!given.signal.aborted) report(error);
        late.begin(joined, joined);
      }
    };
    // A refusal is heard by `onEnd`.
    inner.ready().then(begin, () => {});
    return late;
  }

  async #read(topic: string, options: Omit<HistoryOptions, "signal">, signal?: AbortSignal): Promise<Page> {
    const match = this.#channel.find(topic);
    const { position, data } = await this.#requests.ask({ type: "history", topic, ...options }, signal);
    const { notifications: rows, more } = data as HistoryPage;
    if (!position || !Array.isArray(rows)) throw new BellwireError("malformed", "the answer is no page");
    const notifications: Notification[] = [];
    for (const row of rows) {
      const read = readServerMessage(row);
      if (!read.ok || read.message.type !== "notification") continue;
      const notification = await this.#notification(match, read.message, position.epoch);
      if (notification) notifications.push(notification);
    }
    return { notifications, first: position, more };
  }

  async #notification(
    match: TopicMatch,
    message: Notified,
    epoch: string,
  ): Promise<Notification | undefined> {
    const { topic, event, offset, time } = message;
    try {
      const definition = match.event(event);
      if (!definition) throw new BellwireError("unknown_event", `${topic}: not in the contract`);
      const data: unknown = await validate(definition.schema, message.data);
      return {
        id: message.id ?? `${epoch}/${offset}`,
        topic,
        event,
        data,
        position: { epoch, offset },
        time,
      };
    } catch (error) {
      this.#channel.report(error);
      return undefined;
    }
  }
}

const positionRule = { allowed: "a position", test: isPosition };

const recentRule = {
  allowed: "a whole number of at least 0, or an object with since",
  test: (value: unknown): boolean =>
    atLeast(0).test(value) ||
    (isObject(value) &&
      atLeast(0).test(value.since) &&
      (value.limit === undefined || atLeast(1).test(value.limit))),
};
