/**
 * The hub's messages about channels as Pusher's events. Data always travels as the text of its
 * JSON: a client decodes that text once and has exactly the data that was published. Bellwire adds
 * nothing to it. Pure.
 */
import type { Joined, Members, Notified, ServerMessage } from "@bellwire/core/adapter";
import { eventText } from "../connection/event-text.ts";
import { HOSTED_LIMITS } from "../protocol/limits.ts";
import { type SignedMember, signedId } from "./member-id.ts";

/**
 * The event of a gap on a channel. Bellwire's grammar of event names excludes it, so no application
 * can publish one of the same name.
 */
export const GAP_EVENT = "bellwire:gap";

/** A notification. `user` is the sender of a client event on a presence channel. */
export function notificationText({ topic, event, json, data }: Notified, user?: string | number): string {
  return eventText({ event, channel: topic, data: json ?? JSON.stringify(data), user_id: user });
}

/** The answer to a subscription. */
export function succeededText(channel: string): string {
  return eventText({ event: "pusher_internal:subscription_succeeded", channel, data: "{}" });
}

/**
 * The answer to a subscription of a presence channel. It always contains the subscriber's `own` id,
 * because clients look for themselves in it.
 */
export function rosterText({ topic, members, count }: Members, own: string): string {
  const shown: readonly SignedMember[] = members.filter(
    ({ id }, index) => index < HOSTED_LIMITS.members || id === own,
  );
  const presence = {
    count,
    ids: shown.map(signedId),
    // Assigning by key would set the prototype for the id `__proto__`.
    hash: Object.fromEntries(shown.map(({ id, info }) => [id, info ?? null])),
  };
  const data = JSON.stringify({ presence });
  return eventText({ event: "pusher_internal:subscription_succeeded", channel: topic, data });
}

/** A member's first connection has subscribed to a presence channel. */
export function addedText({ topic: channel, member }: Joined): string {
  const data = JSON.stringify({ user_id: signedId(member), user_info: member.info });
  return eventText({ event: "pusher_internal:member_added", channel, data });
}

/** A member's last connection has left a presence channel. */
export function removedText(channel: string, id: string | number): string {
  const data = JSON.stringify({ user_id: id });
  return eventText({ event: "pusher_internal:member_removed", channel, data });
}

/** A cache channel has no event for a new subscriber. */
export function cacheMissText(channel: string): string {
  return eventText({ event: "pusher:cache_miss", channel });
}

/** A gap on a channel. It has no position, because the client's events have none either. */
export function gapText({ topic, reason }: Extract<ServerMessage, { type: "gap" }>): string {
  return eventText({ event: GAP_EVENT, channel: topic, data: JSON.stringify({ reason }) });
}

/** The number of connections that are subscribed to a channel. */
export function countText(channel: string, count: number): string {
  const data = JSON.stringify({ subscription_count: count });
  return eventText({ event: "pusher_internal:subscription_count", channel, data });
}
