/**
 * A subscription as an application uses it: listeners, the position and an async iterator. Several
 * subscriptions may share one stream.
 */
import type { DataOf, HeardOf, TopicMap } from "../contract.ts";
import { BellwireError } from "../errors.ts";
import type { Member, Position } from "../protocol/messages.ts";
import { Listeners } from "./listeners.ts";
import type { MembersChange } from "./presence.ts";
import type { Gap } from "./subscription-machine.ts";

/** One notification, validated. */
export interface Notification<Topic extends string = string, Event extends string = string, Data = unknown> {
  /** The publisher's id, or `epoch/offset`; empty for a volatile event without one. */
  readonly id: string;
  readonly topic: Topic;
  readonly event: Event;
  readonly data: Data;
  /** Its position in the topic. A volatile event has the offset 0. */
  readonly position: Position;
  /** The time of the publish, in milliseconds since 1970 by the server's clock. */
  readonly time: number;
}

/** Any notification of a topic; its `event` tells the type of its data. */
export type NotificationOf<M extends TopicMap, T extends string> = OneOf<M, T, HeardOf<M, T>>;

/** A notification of one of the events; its `event` tells the type of its data. */
export type OneOf<M extends TopicMap, T extends string, E extends string> = E extends string
  ? Notification<T, E, DataOf<M, T, E>>
  : never;

/**
 * A subscription. It goes on across links until it is closed or the hub ends it. Add listeners at
 * once: a replay follows directly after the answer that `ready` waits for. As an async iterable it
 * listens from the first `next` on.
 */
export interface Subscription<M extends TopicMap, T extends string>
  extends AsyncIterable<NotificationOf<M, T>> {
  readonly topic: T;
  /**
   * The last position delivered, or the topic's position in the hub's answer; undefined before
   * that.
   */
  readonly position: Position | undefined;
  /**
   * Listens to one event. Errors of the listener go to the channel's `onError`. Returns a function
   * that removes the listener.
   */
  on<E extends HeardOf<M, T>>(
    event: E,
    listener: (notification: Notification<T, E, DataOf<M, T, E>>) => unknown,
  ): () => void;
  /** Listens to every event of the topic. */
  onAny(listener: (notification: NotificationOf<M, T>) => unknown): () => void;
  /**
   * Reports a break in the stream, before any later notification. Without a listener a gap goes
   * unnoticed.
   */
  onGap(listener: (gap: Gap) => unknown): () => void;
  /** Reports, once, why the hub ended the subscription. */
  onEnd(listener: (error: BellwireError) => unknown): () => void;
  /**
   * Resolves with the position when the hub has first answered. Rejects when the hub refuses or the
   * subscription is closed.
   */
  ready(): Promise<Position>;
  /** Stops listening. The channel leaves the topic when its last subscription closes. */
  close(): void;
}

/** A subscription to a `presence-` topic, whose subscribers are its members. */
export interface PresenceSubscription<M extends TopicMap, T extends string> extends Subscription<M, T> {
  /** The members who are present, by id; empty until the hub has first listed them. */
  readonly members: ReadonlyMap<string, Member>;
  /** Reports members who joined or left. The first report has everyone as joined. */
  onMembers(listener: (change: MembersChange) => unknown): () => void;
}

/** The subscription to a topic: with members if the topic is a `presence-` topic. */
export type SubscriptionTo<M extends TopicMap, T extends string> = T extends `presence-${string}`
  ? PresenceSubscription<M, T>
  : Subscription<M, T>;

/**
 * Notifications that an async iterator holds for a consumer slower than the topic. One more ends
 * the iterator with `slow_consumer`.
 */
const ITERATOR_LIMIT = 1_000;

/** The state of the topic's stream that a subscription reads. */
export interface StreamView {
  readonly cursor: Position | undefined;
  readonly members: ReadonlyMap<string, Member>;
}

/** A subscription as its topic's stream drives it, without the contract's types. */
export class SubscriptionHandle implements AsyncIterable<Notification> {
  readonly topic: string;
  readonly #stream: StreamView;
  readonly #closed: (handle: SubscriptionHandle) => void;
  readonly #events: Map<string, Listeners<Notification>> = new Map();
  readonly #any: Listeners<Notification>;
  readonly #gaps: Listeners<Gap>;
  readonly #ends: Listeners<BellwireError>;
  readonly #members: Listeners<MembersChange>;
  readonly #failed: (error: unknown) => void;
  readonly #ready: Promise<Position>;
  #reject!: (error: BellwireError) => void;
  #ended: BellwireError | undefined;
  /** @internal The hub has answered. */
  joined!: (position: Position) => void;

  constructor(
    topic: string,
    stream: StreamView,
    failed: (error: unknown) => void,
    closed: (handle: SubscriptionHandle) => void,
  ) {
    this.topic = topic;
    this.#stream = stream;
    this.#failed = failed;
    this.#closed = closed;
    this.#any = new Listeners(failed);
    this.#gaps = new Listeners(failed);
    this.#ends = new Listeners(failed);
    this.#members = new Listeners(failed);
    this.#ready = new Promise((resolve, reject) => {
      this.joined = resolve;
      this.#reject = reject;
    });
    // Callers that do not await `ready` learn of the refusal by `onEnd`.
    this.#ready.catch(() => {});
  }

  get position(): Position | undefined {
    return this.#stream.cursor;
  }

  get members(): ReadonlyMap<string, Member> {
    return this.#stream.members;
  }

  on(event: string, listener: (notification: Notification<string, string, never>) => unknown): () => void {
    let listeners = this.#events.get(event);
    if (!listeners) {
      listeners = new Listeners(this.#failed);
      this.#events.set(event, listeners);
    }
    return listeners.add(listener as (notification: Notification) => unknown);
  }

  onAny(listener: (notification: never) => unknown): () => void {
    return this.#any.add(listener as (notification: Notification) => unknown);
  }

  onGap(listener: (gap: Gap) => unknown): () => void {
    return this.#gaps.add(listener);
  }

  onEnd(listener: (error: BellwireError) => unknown): () => void {
    return this.#ends.add(listener);
  }

  onMembers(listener: (change: MembersChange) => unknown): () => void {
    return this.#members.add(listener);
  }

  ready(): Promise<Position> {
    return this.#ready;
  }

  close(): void {
    this.end(new BellwireError("closed", "closed"));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Notification, void, undefined> {
    const waiting: Notification[] = [];
    let wake: (() => void) | undefined;
    let failure: BellwireError | undefined;
    const stop = [
      this.onAny((notification) => {
        // Notifications after the first one without a place would hide its loss.
        if (failure) return;
        if (waiting.length >= ITERATOR_LIMIT) failure = new BellwireError("slow_consumer", "over 1,000 wait");
        else waiting.push(notification);
        wake?.();
      }),
      this.onEnd(() => wake?.()),
    ];
    try {
      for (;;) {
        if (this.#ended?.code === "closed") return;
        const next = waiting.shift();
        if (next) yield next;
        else if (failure ?? this.#ended) throw failure ?? this.#ended;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      for (const remove of stop) remove();
    }
  }

  /** @internal */
  deliver(notification: Notification): void {
    if (this.#ended) return;
    this.#events.get(notification.event)?.emit(notification);
    // A listener may have closed the subscription.
    if (!this.#ended) this.#any.emit(notification);
  }

  /** @internal */
  gap(gap: Gap): void {
    if (!this.#ended) this.#gaps.emit(gap);
  }

  /** @internal */
  changed(change: MembersChange): void {
    if (!this.#ended) this.#members.emit(change);
  }

  /** @internal */
  end(error: BellwireError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#reject(error);
    this.#closed(this);
    this.#ends.emit(error);
  }
}
