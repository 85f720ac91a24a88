/** What an application holds of one topic: listeners, the position, an async iterator. Several may share one stream. */
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
  /** Its place in the topic; offset 0 for a volatile event. */
  readonly position: Position;
  /** When it was published, in wall-clock milliseconds since 1970 of the server. */
  readonly time: number;
}

/** Any notification of a topic, told apart by its `event`. */
export type NotificationOf<M extends TopicMap, T extends string> = OneOf<M, T, HeardOf<M, T>>;

/** A notification of one of the events, told apart by its `event`. */
export type OneOf<M extends TopicMap, T extends string, E extends string> = E extends string
  ? Notification<T, E, DataOf<M, T, E>>
  : never;

/**
 * A subscription. It goes on across links until it is closed or the hub ends it. Listen at once: what is replayed comes right after
 * the answer that `ready` waits for. As an async iterable it listens from the first `next` on.
 */
export interface Subscription<M extends TopicMap, T extends string>
  extends AsyncIterable<NotificationOf<M, T>> {
  readonly topic: T;
  /** The last position delivered, or where the hub said the topic stood; undefined before that. */
  readonly position: Position | undefined;
  /** Listens to one event. What the listener throws goes to the channel's `onError`. Returns a function that removes it. */
  on<E extends HeardOf<M, T>>(
    event: E,
    listener: (notification: Notification<T, E, DataOf<M, T, E>>) => unknown,
  ): () => void;
  /** Listens to every event of the topic. */
  onAny(listener: (notification: NotificationOf<M, T>) => unknown): () => void;
  /** Hears where continuity could not be proven, before any later notification. Without a listener nobody hears of it. */
  onGap(listener: (gap: Gap) => unknown): () => void;
  /** Hears, once, why the hub ended the subscription. */
  onEnd(listener: (error: BellwireError) => unknown): () => void;
  /** Resolves with the position once the hub has first answered; rejects when it refuses or the subscription is closed. */
  ready(): Promise<Position>;
  /** Stops listening. The topic is left when its last subscription closes. */
  close(): void;
}

/** A subscription to a `presence-` topic, whose subscribers are its members. */
export interface PresenceSubscription<M extends TopicMap, T extends string> extends Subscription<M, T> {
  /** Who is present, by id; empty until the hub has first said so. */
  readonly members: ReadonlyMap<string, Member>;
  /** Hears who came and who left; the first time, everybody came. */
  onMembers(listener: (change: MembersChange) => unknown): () => void;
}

/** What subscribing to a topic gives. */
export type SubscriptionTo<M extends TopicMap, T extends string> = T extends `presence-${string}`
  ? PresenceSubscription<M, T>
  : Subscription<M, T>;

/** Notifications that an async iterator may hold for a consumer that is slower than the topic; one more ends it with `slow_consumer`. */
const ITERATOR_LIMIT = 1_000;

/** What a subscription reads of its topic's stream. */
export interface StreamView {
  readonly cursor: Position | undefined;
  readonly members: ReadonlyMap<string, Member>;
}

/** How a subscription is driven by its topic's stream, without types. */
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
    // Whoever awaits `ready` sees the refusal; whoever does not hears it by `onEnd`.
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
    this.end(new BellwireError("closed", "the subscription is closed"));
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Notification, void, undefined> {
    const waiting: Notification[] = [];
    let wake: (() => void) | undefined;
    let failure: BellwireError | undefined;
    const stop = [
      this.onAny((notification) => {
        // Whatever came after the first that found no place would hide that one's loss.
        if (failure) return;
        if (waiting.length >= ITERATOR_LIMIT)
          failure = new BellwireError("slow_consumer", "too many notifications are waiting");
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
        else if (failure) throw failure;
        else if (this.#ended) throw this.#ended;
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
    // A listener may have closed it.
    if (!this.#ended) this.#any.emit(notification);
  }

  /** @internal */
  gap(gap: Gap): void {
    if (!this.#ended) this.#gaps.emit(gap);
  }

  /** @internal */
  membersChanged(change: MembersChange): void {
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
