/** The members of a topic, as the hub reports them. Pure. */
import type { Joined, Left, Member, Members } from "../protocol/messages.ts";

/** A change among the members of a `presence-` topic, and the members after it. */
export interface MembersChange {
  /** The members by id. After a loss of the link they stay the same until the hub answers again. */
  readonly members: ReadonlyMap<string, Member>;
  /** Members who joined, or whose info has changed. */
  readonly joined: readonly Member[];
  readonly left: readonly Member[];
}

/**
 * The members after a message of the hub. A snapshot is reported by its differences, so that a
 * reconnect reports only news.
 */
export function membersAfter(
  before: ReadonlyMap<string, Member>,
  message: Members | Joined | Left,
): MembersChange {
  const members = new Map("members" in message ? [] : before);
  const came = "members" in message ? message.members : "member" in message ? [message.member] : [];
  if ("id" in message) members.delete(message.id);
  for (const member of came) members.set(member.id, member);
  return {
    members,
    joined: came.filter((member) => JSON.stringify(member) !== JSON.stringify(before.get(member.id))),
    left: Array.from(before.values()).filter(({ id }) => !members.has(id)),
  };
}
