/** Events of a hub for operators and applications, for use by metrics, webhooks and inspection. */
import { EventEmitter } from "eventemitter3";
import type { CloseCause } from "../protocol/close-codes.ts";
import type { GapReason, Member, Position } from "../protocol/messages.ts";

/** A link that the hub has welcomed. */
export interface LinkFacts {
  /** The adapter's name. */
  readonly transport: string;
  /** The identity's user; absent on an anonymous link. */
  readonly user?: string | undefined;
}

/** A subscription of one link. */
export interface SubscriptionFacts extends LinkFacts {
  readonly topic: string;
}

/** The events of {@link Hub.on}, with their payloads. */
export interface HubEvents {
  /** The hub accepted the client's hello. */
  linkOpened: LinkFacts;
  /** A connection, a request or a hello was refused, by the hub or by an adapter. */
  linkRefused: { readonly transport: string; readonly cause: CloseCause };
  /** A link that was open has ended; either end may have closed it. */
  linkClosed: LinkFacts & { readonly cause: CloseCause };
  /** A link was subscribed to a topic; its `subscribed` is on its way. */
  subscribed: SubscriptionFacts;
  /** A subscription ended: by the client, by the hub, or with its link. */
  unsubscribed: SubscriptionFacts;
  /** A topic has its first subscriber on this hub. */
  topicOccupied: { readonly topic: string };
  /** A topic has had no subscriber on this hub for `limits.presenceGrace`. */
  topicVacated: { readonly topic: string };
  /**
   * A member has become present, on any hub, or has new info. Reported while this hub has a
   * subscriber.
   */
  memberJoined: { readonly topic: string; readonly member: Member };
  /** A member is no longer present on any hub. */
  memberLeft: { readonly topic: string; readonly id: string };
  /** This hub has published a notification, for a client or for the server. */
  published: {
    readonly topic: string;
    readonly event: string;
    /** Null for a volatile event. */
    readonly position: Position | null;
    /** Bytes of the data as JSON. */
    readonly bytes: number;
  };
  /**
   * A notification was handed to this hub's live subscribers, `count` of them. Replays are
   * `resumeServed`.
   */
  delivered: { readonly topic: string; readonly event: string; readonly count: number };
  /** A link fell behind: it was disconnected, or notifications were replaced by a gap. */
  slowConsumer: LinkFacts & { readonly action: "disconnect" | "drop" };
  /** `count` subscribers received a gap, because continuity could not be proven. */
  gapServed: { readonly topic: string; readonly reason: GapReason; readonly count: number };
  /** A subscriber resumed from its position; `count` notifications were replayed. */
  resumeServed: SubscriptionFacts & { readonly count: number };
  /**
   * The backplane does not answer, or refuses what the hub needs of it. The error went to
   * `onError`, too.
   */
  backplaneLost: { readonly error: unknown };
  /** The backplane answers again, so many milliseconds after {@link HubEvents.backplaneLost}. */
  backplaneBack: { readonly milliseconds: number };
  /** The hub has closed; `links` were open when it began, and `milliseconds` have passed since. */
  drained: { readonly links: number; readonly milliseconds: number };
}

/** Listeners by event. */
type Listeners = { [E in keyof HubEvents]: (payload: HubEvents[E]) => unknown };

/** Emits a hub's events. A listener that throws or rejects is reported and affects nothing else. */
export class HubEmitter {
  readonly #emitter: EventEmitter<Listeners> = new EventEmitter<Listeners>();
  readonly #report: (error: unknown) => void;

  constructor(report: (error: unknown) => void) {
    this.#report = report;
  }

  /** Adds a listener; the returned function removes it. */
  on<E extends keyof HubEvents>(event: E, listener: (payload: HubEvents[E]) => unknown): () => void {
    const contained = (payload: HubEvents[E]): void => {
      try {
        const result = listener(payload);
        if (result instanceof Promise) result.catch(this.#report);
      } catch (error) {
        this.#report(error);
      }
    };
    this.#emitter.on(event, contained as never);
    return () => void this.#emitter.off(event, contained as never);
  }

  /** Emits an event. Calls `payload` only when the event has listeners. */
  emit<E extends keyof HubEvents>(event: E, payload: () => HubEvents[E]): void {
    if (this.#emitter.listenerCount(event) > 0) this.#emitter.emit(event, ...([payload()] as never));
  }
}
