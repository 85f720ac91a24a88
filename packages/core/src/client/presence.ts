/** Who is present in a topic, as the hub has said. Pure. */
import type { Joined, Left, Member, Members } from "../protocol/messages.ts";

/** What has changed among the members of a `presence-` topic, and who they are now. */
export interface MembersChange {
  /** By id. After a loss of the link they stay as they were until the hub answers again. */
  readonly members: ReadonlyMap<string, Member>;
  /** Who came, or has other info than before. */
  readonly joined: readonly Member[];
  readonly left: readonly Member[];
}

/** The members after a message of the hub. A snapshot is told as what it changes, so that a reconnect tells only news. */
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
