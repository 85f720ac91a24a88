/** The hook that subscribes listeners to a topic. */
import type { BellwireError, DataOf, HeardOf, TopicMap, TopicsOf } from "@bellwire/core";
import type { Gap, Notification, NotificationOf, SubscribeOptions } from "@bellwire/core/client";
import { useLatest } from "./latest.ts";
import type { RegisteredTopics } from "./register.ts";
import { type AnySubscription, BEGINNING, type TopicStatus, useTopicState } from "./topic-state.ts";

/** Listeners for events of a topic, by event. */
export type EventHandlers<M extends TopicMap, T extends string> = {
  readonly [E in HeardOf<M, T>]?: Handler<Notification<T, E, DataOf<M, T, E>>, E>;
};

/**
 * A listener. Where the contract does not name the event, the type is that of a method, because
 * TypeScript lets a method's parameter be narrower.
 */
type Handler<N, E> = string extends E
  ? { handle(notification: N): unknown }["handle"]
  : (notification: N) => unknown;

/**
 * Listeners, named as on a subscription of `@bellwire/core`. An error that a listener throws is
 * reported to the channel's `onError`.
 */
export interface SubscriptionHandlers<M extends TopicMap, T extends string> {
  readonly on?: EventHandlers<M, T>;
  readonly onAny?: (notification: NotificationOf<M, T>) => unknown;
  /**
   * Called when continuity could not be proven, before any later notification; the component should
   * load its data again.
   */
  readonly onGap?: (gap: Gap) => unknown;
  /** Called once with the reason when the hub ends the subscription. */
  readonly onEnd?: (error: BellwireError) => unknown;
}

/** Handlers, and the past that they hear first. */
export interface SubscriptionOptions<M extends TopicMap, T extends string>
  extends SubscriptionHandlers<M, T>,
    SubscribeOptions {}

/**
 * Subscribes to a topic while the component is mounted; null subscribes to nothing. The handlers of
 * the latest render are called; new handlers do not subscribe again. Components on one topic share
 * one subscription at the hub.
 *
 * With `history` the handlers hear notifications from before the subscription first, again whenever
 * the component subscribes: when it mounts, is shown again, or changes the topic. It needs a
 * channel of `withHistory`.
 *
 * @example useSubscription("workouts.42", { on: { completed: ({ data }) => toast(`${data.calories}
 *   kcal`) }, onGap: reload });
 */
export function useSubscription<T extends TopicsOf<RegisteredTopics>>(
  topic: T | null,
  { history, ...handlers }: SubscriptionOptions<RegisteredTopics, T> = {},
): TopicStatus {
  const latest = useLatest(handlers as unknown as SubscriptionHandlers<TopicMap, string>);
  const listen = (subscription: AnySubscription): readonly (() => void)[] => [
    subscription.onAny((notification) => {
      const { on = {} } = latest.current;
      if (Object.hasOwn(on, notification.event)) return on[notification.event]?.(notification);
    }),
    subscription.onAny((notification) => latest.current.onAny?.(notification)),
    subscription.onGap((gap) => latest.current.onGap?.(gap)),
    subscription.onEnd((error) => latest.current.onEnd?.(error)),
  ];
  const options = history === undefined ? {} : { history };
  const [status] = useTopicState(topic as string | null, BEGINNING, listen, options);
  return status;
}
