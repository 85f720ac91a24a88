/**
 * What the hub says about channels, as Pusher's events. Data travels as the text of its JSON, whatever it is: a client decodes that
 * text once, and has exactly what was published. Nothing of Bellwire's own is added to it.
 */
import type { Joined, Members, Notified, ServerMessage } from "@bellwire/core/adapter";
import { eventText } from "../connection/event-text.ts";
import { HOSTED_LIMITS } from "../protocol/limits.ts";
import { type SignedMember, signedId } from "./member-id.ts";

/** An event of Bellwire's own on a channel: continuity ends here. Off our grammar of names, so no application's event is like it. */
export const GAP_EVENT = "bellwire:gap";

/** A notification. `user` is who sent it, where it is a client event on a presence channel. */
export function notificationText({ topic, event, json, data }: Notified, user?: string | number): string {
  return eventText({ event, channel: topic, data: json ?? JSON.stringify(data), user_id: user });
}

/** The answer to a subscription. */
export function succeededText(channel: string): string {
  return eventText({ event: "pusher_internal:subscription_succeeded", channel, data: "{}" });
}

/** The answer to a subscription of a presence channel. Whoever subscribed is in it: clients look for themselves. */
export function rosterText({ topic, members, count }: Members, own: string): string {
  const shown: readonly SignedMember[] = members.filter(
    ({ id }, index) => index < HOSTED_LIMITS.members || id === own,
  );
  const presence = {
    count,
    ids: shown.map(signedId),
    // A map by key would take `__proto__` for something else.
    hash: Object.fromEntries(shown.map(({ id, info }) => [id, info ?? null])),
  };
  const data = JSON.stringify({ presence });
  return eventText({ event: "pusher_internal:subscription_succeeded", channel: topic, data });
}

/** Somebody's first connection came to a presence channel. */
export function addedText({ topic: channel, member }: Joined): string {
  const data = JSON.stringify({ user_id: signedId(member), user_info: member.info });
  return eventText({ event: "pusher_internal:member_added", channel, data });
}

/** Somebody's last connection to a presence channel went. */
export function removedText(channel: string, id: string | number): string {
  const data = JSON.stringify({ user_id: id });
  return eventText({ event: "pusher_internal:member_removed", channel, data });
}

/** A cache channel has no last event for a new subscriber. */
export function cacheMissText(channel: string): string {
  return eventText({ event: "pusher:cache_miss", channel });
}

/** Continuity of a channel ends. A position would say nothing to a client whose events have none. */
export function gapText({ topic, reason }: Extract<ServerMessage, { type: "gap" }>): string {
  return eventText({ event: GAP_EVENT, channel: topic, data: JSON.stringify({ reason }) });
}

/** How many connections are subscribed to a channel. */
export function countText(channel: string, count: number): string {
  const data = JSON.stringify({ subscription_count: count });
  return eventText({ event: "pusher_internal:subscription_count", channel, data });
}
