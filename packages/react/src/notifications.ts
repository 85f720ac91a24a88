/** The hook that keeps a topic's notifications in a list. */
import type { HeardOf, TopicMap, TopicsOf } from "@bellwire/core";
import type { Notification, OneOf } from "@bellwire/core/client";
import { useCallback } from "react";
import { useLatest } from "./latest.ts";
import type { RegisteredTopics } from "./register.ts";
import { BEGINNING, type TopicStatus, useTopicState } from "./topic-state.ts";

/** Options of {@link useNotifications}. A change applies to later notifications. */
export interface NotificationListOptions<E extends string> {
  /** The number of notifications kept; the oldest is dropped first. Default: 100. */
  readonly limit?: number;
  /** The events that are kept. Default: all. */
  readonly events?: readonly E[];
}

/** A topic's notifications since the component mounted, and the state of its subscription. */
export interface NotificationList<M extends TopicMap, T extends string, E extends string>
  extends TopicStatus {
  /**
   * Oldest first, in the order of the topic. With a `gap`, notifications are missing before those
   * that followed it.
   */
  readonly notifications: readonly OneOf<M, T, E>[];
  /**
   * Empties the list and clears the gap, for example after the data was loaded again. The function
   * is the same in every render with the same topic.
   */
  readonly clear: () => void;
}

interface Listed extends TopicStatus {
  readonly notifications: readonly Notification[];
}

const EMPTY: Listed = { ...BEGINNING, notifications: [] };

/**
 * Collects a topic's notifications while the component is mounted; null collects nothing. Another
 * topic begins with an empty list.
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
