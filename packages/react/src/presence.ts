/** The hook that returns the members of a topic. */
import type { Member, TopicMap, TopicsOf } from "@bellwire/core";
import type { PresenceSubscription } from "@bellwire/core/client";
import type { RegisteredTopics } from "./register.ts";
import { BEGINNING, type TopicStatus, useTopicState } from "./topic-state.ts";

/** The members that are present, and the state of the component's own subscription. */
export interface Presence extends TopicStatus {
  /**
   * Every member once, in the order in which they joined; empty until the hub has sent the list. It
   * is kept while the link is lost.
   */
  readonly members: readonly Member[];
}

const NOBODY: Presence = { ...BEGINNING, members: [] };

/** The topics of the registered contract that have members. */
export type PresenceTopics =
  string extends TopicsOf<RegisteredTopics>
    ? `presence-${string}`
    : Extract<TopicsOf<RegisteredTopics>, `presence-${string}`>;

/**
 * Makes the user a member of a `presence-` topic while the component is mounted, and returns all
 * members; null joins nothing.
 */
export function usePresence(topic: PresenceTopics | null): Presence {
  const [presence] = useTopicState<Presence>(topic, NOBODY, (subscription, change) => {
    // The topic's type guarantees that it has members.
    const joined = subscription as PresenceSubscription<TopicMap, string>;
    const show = (now: PresenceSubscription<TopicMap, string>["members"]): void =>
      change((before) => ({ ...before, members: Array.from(now.values()) }));
    // Another component may have joined already, and the list may be known.
    if (joined.members.size > 0) show(joined.members);
    return [joined.onMembers((changed) => show(changed.members))];
  });
  return presence;
}
