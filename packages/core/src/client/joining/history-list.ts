/** The list of a topic's notifications, old and new, as a page shows it. */
import type { TopicMap } from "../../contract.ts";
import { BellwireError, isBellwireError } from "../../errors.ts";
import type { Position } from "../../protocol/messages.ts";
import type { Notification, NotificationOf, Subscription } from "../subscription.ts";
import type { HistoryChannel } from "./with-history.ts";

/** The state of a {@link HistoryList}. A later state is another object. */
export interface HistoryListState<N = Notification> {
  /**
   * Oldest first, without a hole and without a repetition: the pages that were loaded, and
   * everything since. After a gap the list begins again, with the page before the place where the
   * stream goes on. Volatile events are not in it. Above 1,000, or as many as were loaded, the
   * oldest is dropped for each new one, and can be loaded again.
   */
  readonly notifications: readonly N[];
  /** Whether older notifications may be stored; false before the first page is there. */
  readonly hasOlder: boolean;
  /** Whether a page is under way; true before the first one. */
  readonly loading: boolean;
  /** The reason for which the last page could not be read. */
  readonly error: BellwireError | undefined;
}

/** A list that follows a subscription. */
export interface HistoryList {
  /** Loads the next older page, unless one is under way or there is none. */
  readonly loadOlder: () => void;
  /** Ends the list, and no more changes are reported. The subscription stays. */
  readonly stop: () => void;
}

/** Options of {@link historyList}. */
export interface HistoryListOptions<N> {
  /** Notifications in a page, asked for each. Default: 20; at most 300. */
  readonly limit?: () => number;
  readonly changed: (state: HistoryListState<N>) => unknown;
}

/** The state before the first page is there. */
export const EMPTY_LIST: HistoryListState<never> = {
  notifications: [],
  hasOlder: false,
  loading: true,
  error: undefined,
};

/** Notifications that are kept, unless more were loaded. */
const KEPT = 1_000;

/**
 * Keeps the list of a subscription, and reports each change, the first one when the page before
 * the subscription is there.
 *
 * @example const { loadOlder } = historyList(channel, channel.subscribe("workouts.42"), { changed:
 *   ({ notifications }) => render(notifications) });
 */
export function historyList<M extends TopicMap, T extends string>(
  channel: Pick<HistoryChannel<M>, "history">,
  subscription: Subscription<M, T>,
  { limit = () => 20, changed }: HistoryListOptions<NotificationOf<M, T>>,
): HistoryList {
  const history = channel.history as unknown as HistoryChannel<TopicMap>["history"];
  const stopped = new AbortController();
  let notifications: readonly Notification[] = [];
  /** The place below which the next page ends; undefined when nothing older is stored. */
  let before: Position | undefined;
  /** The request under way. */
  let page: AbortController | undefined;
  /** Whether the list goes back to a page; until then it may have a hole, and is not shown. */
  let joined = false;
  let kept = KEPT;
  let shown: HistoryListState = EMPTY_LIST;

  function show(error?: BellwireError): void {
    const loading = page !== undefined;
    shown = joined
      ? { notifications, hasOlder: before !== undefined, loading, error }
      : { ...shown, loading, error };
    changed(shown as HistoryListState<NotificationOf<M, T>>);
  }

  function read(below: Position): void {
    const { signal } = (page = new AbortController());
    const ended = (error?: BellwireError): void => {
      if (signal.aborted) return;
      page = undefined;
      joined = true;
      show(error);
    };
    show();
    history(subscription.topic, { before: below, limit: limit(), signal }).then(
      (found) => {
        if (signal.aborted) return;
        notifications = [...found.notifications, ...notifications];
        kept = Math.max(KEPT, notifications.length);
        before = found.before;
        ended();
      },
      (error: unknown) => {
        before = below;
        ended(
          isBellwireError(error)
            ? error
            : new BellwireError("internal", "no page was read", { cause: error }),
        );
      },
    );
  }

  /** Begins with the page up to a position. */
  function begin(at: Position): void {
    page?.abort();
    joined = false;
    read({ ...at, offset: at.offset + 1 });
  }

  const removers = [
    subscription.onAny((notification) => {
      // Volatile events have no place.
      if (notification.position.offset === 0) return;
      notifications = [...notifications, notification];
      if (notifications.length > kept) {
        notifications = notifications.slice(1);
        before = notifications[0]?.position;
      }
      if (joined) show(shown.error);
    }),
    subscription.onGap(({ resumeAt }) => {
      if (!resumeAt) return;
      notifications = [];
      begin(resumeAt);
    }),
  ];
  subscription.ready().then(
    (at) => {
      // After a gap the list has begun already.
      if (stopped.signal.aborted || page || joined) return;
      notifications = notifications.filter(
        ({ position }) => position.epoch !== at.epoch || position.offset > at.offset,
      );
      begin(at);
    },
    () => {}, // The subscription reports its end.
  );
  return {
    loadOlder() {
      if (before && !page && !stopped.signal.aborted) read(before);
    },
    stop() {
      stopped.abort();
      page?.abort();
      for (const remove of removers) remove();
    },
  };
}
