/** The hook that knows who is present. */
import type { Member, TopicMap, TopicsOf } from "@bellwire/core";
import type { PresenceSubscription } from "@bellwire/core/client";
import type { RegisteredTopics } from "./register.ts";
import { BEGINNING, type TopicStatus, useTopicState } from "./topic-state.ts";

/** The members who are present, and the state of the component's own presence. */
export interface Presence extends TopicStatus {
  /**
   * Every member once, whoever came first in front; empty until the hub has first said so. After a
   * loss of the link they stay.
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
 * Makes the user a member of a `presence-` topic while the component is mounted, and tells who else
 * is there; null joins nothing.
 */
export function usePresence(topic: PresenceTopics | null): Presence {
  const [presence] = useTopicState<Presence>(topic, NOBODY, (subscription, change) => {
    // The type of the topic says that it has members.
    const joined = subscription as PresenceSubscription<TopicMap, string>;
    const show = (now: PresenceSubscription<TopicMap, string>["members"]): void =>
      change((before) => ({ ...before, members: Array.from(now.values()) }));
    // Another component may have joined before.
    if (joined.members.size > 0) show(joined.members);
    return [joined.onMembers((changed) => show(changed.members))];
  });
  return presence;
}
