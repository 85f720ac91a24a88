/** The hook that keeps a topic's notifications in a list. */
import type { HeardOf, TopicMap, TopicsOf } from "@bellwire/core";
import type { Notification, OneOf } from "@bellwire/core/client";
import { useCallback } from "react";
import { useLatest } from "./latest.ts";
import type { RegisteredTopics } from "./register.ts";
import { BEGINNING, type TopicStatus, useTopicState } from "./topic-state.ts";

/** Options of {@link useNotifications}. A change holds for what comes after it. */
export interface NotificationListOptions<E extends string> {
  /** Notifications kept; the oldest leaves first. Default: 100. */
  readonly limit?: number;
  /** Only these events are kept. Default: all. */
  readonly events?: readonly E[];
}

/** A topic's notifications since the component mounted, and how its subscription stands. */
export interface NotificationList<M extends TopicMap, T extends string, E extends string>
  extends TopicStatus {
  /**
   * Oldest first, in the order of the topic. With a `gap`, some are missing before those that came
   * after it.
   */
  readonly notifications: readonly OneOf<M, T, E>[];
  /**
   * Empties the list and forgets the gap, such as after loading anew. The same function in every
   * render for the same topic.
   */
  readonly clear: () => void;
}

interface Listed extends TopicStatus {
  readonly notifications: readonly Notification[];
}

const EMPTY: Listed = { ...BEGINNING, notifications: [] };

/**
 * Keeps what comes on a topic while the component is mounted; null keeps nothing. The list begins
 * empty with another topic.
 *
 * @example const { notifications, gap } = useNotifications("workouts.42", { limit: 20, events:
 *   ["completed"] });
 */
export function useNotifications<
  T extends TopicsOf<RegisteredTopics>,
  E extends HeardOf<RegisteredTopics, T> = HeardOf<RegisteredTopics, T>,
>(topic: T | null, options: NotificationListOptions<E> = {}): NotificationList<RegisteredTopics, T, E> {
  const latest = useLatest<NotificationListOptions<string>>(options);
  const [state, change] = useTopicState(topic as string | null, EMPTY, (subscription, update) => [
    subscription.onAny((notification) => {
      const { limit = 100, events } = latest.current;
      if (events && !events.includes(notification.event)) return;
      update((before) => {
        const { length } = before.notifications;
        const kept = before.notifications.slice(Math.max(0, length + 1 - limit));
        return { ...before, notifications: limit > 0 ? [...kept, notification] : kept };
      });
    }),
  ]);
  return {
    ...(state as TopicStatus & { readonly notifications: readonly never[] }),
    clear: useCallback(
      () => change((before) => ({ ...before, notifications: [], gap: undefined })),
      [change],
    ),
  };
}
