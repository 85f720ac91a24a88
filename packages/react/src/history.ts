/** The hook that reads a topic's past, page by page, and joins it with what comes live. */
import type { HeardOf, TopicMap, TopicsOf } from "@bellwire/core";
import { EMPTY_LIST, type HistoryListState, historyList, type OneOf } from "@bellwire/core/client";
import { useCallback, useRef } from "react";
import { type AnyChannel, withPast } from "./held-channel.ts";
import { useLatest } from "./latest.ts";
import type { RegisteredTopics } from "./register.ts";
import {
  type AnySubscription,
  BEGINNING,
  type Change,
  type TopicStatus,
  useTopicState,
} from "./topic-state.ts";

/** Options of {@link useHistory}. */
export interface HistoryHookOptions {
  /** Notifications in a page. A change applies to the next page. Default: 20, at most 300. */
  readonly limit?: number;
}

/** A topic's notifications, old and new, and the state of its subscription. */
export interface History<M extends TopicMap, T extends string>
  extends TopicStatus,
    Omit<HistoryListState<OneOf<M, T, HeardOf<M, T>>>, "error"> {
  /**
   * Loads the next older page, unless one is under way or there is none. The function is the same
   * in every render.
   */
  readonly loadOlder: () => void;
}

type State = TopicStatus & HistoryListState;

const EMPTY: State = { ...BEGINNING, ...EMPTY_LIST };

/**
 * A topic's notifications from before the component mounted, a page at first and more on demand,
 * and all that come while it is mounted; null reads nothing. It needs a channel of `withHistory`.
 *
 * @example const { notifications, loadOlder, hasOlder } = useHistory("workouts.42", { limit: 20 });
 */
export function useHistory<T extends TopicsOf<RegisteredTopics>>(
  topic: T | null,
  { limit = 20 }: HistoryHookOptions = {},
): History<RegisteredTopics, T> {
  const latest = useLatest(limit);
  const loadOlder = useRef(() => {});
  const listen = (
    subscription: AnySubscription,
    change: Change<State>,
    channel: AnyChannel,
  ): readonly (() => void)[] => {
    const list = historyList(withPast(channel), subscription, {
      limit: () => latest.current,
      changed: (now) => change((before) => ({ ...before, ...now })),
    });
    loadOlder.current = list.loadOlder;
    return [list.stop];
  };
  // The list reads the past; the option only says that the channel must be able to.
  const [state] = useTopicState(topic as string | null, EMPTY, listen, { history: 0 });
  return {
    ...(state as unknown as History<RegisteredTopics, T>),
    loading: topic !== null && !state.error && state.loading,
    loadOlder: useCallback(() => loadOlder.current(), []),
  };
}
