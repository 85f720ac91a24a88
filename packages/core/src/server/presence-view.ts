/**
 * The members of one topic, as the hubs that share a backplane have reported them. Pure: every step
 * returns the change for observers who know only members, not hubs.
 */
import type { Member } from "../protocol/messages.ts";

/** The change of a step. A member who joined is present after it, or has new info. */
export interface PresenceChange {
  readonly joined: readonly Member[];
  readonly left: readonly string[];
}

const NOTHING: PresenceChange = { joined: [], left: [] };

export class PresenceView {
  /** The members of each hub, by id. A hub without members is absent. */
  readonly #hubs: Map<string, Map<string, Member>> = new Map();

  /** Every member, once, in no order. */
  get members(): ReadonlyMap<string, Member> {
    const all = new Map<string, Member>();
    for (const members of this.#hubs.values())
      for (const [id, member] of members) if (!all.has(id)) all.set(id, member);
    return all;
  }

  /** The members of one hub. */
  of(hub: string): readonly Member[] {
    return Array.from(this.#hubs.get(hub)?.values() ?? []);
  }

  join(hub: string, member: Member): PresenceChange {
    const before = this.#find(member.id);
    const members = this.#hubs.get(hub) ?? new Map<string, Member>();
    this.#hubs.set(hub, members);
    members.set(member.id, member);
    return before && sameInfo(before, member) ? NOTHING : { joined: [member], left: [] };
  }

  leave(hub: string, id: string): PresenceChange {
    const members = this.#hubs.get(hub);
    if (!members?.delete(id)) return NOTHING;
    if (members.size === 0) this.#hubs.delete(hub);
    return this.#find(id) ? NOTHING : { joined: [], left: [id] };
  }

  /** A hub reports all of its members. */
  replace(hub: string, members: readonly Member[]): PresenceChange {
    const named = new Set(members.map(({ id }) => id));
    const left = this.of(hub).filter(({ id }) => !named.has(id));
    return sum([
      ...left.map(({ id }) => this.leave(hub, id)),
      ...members.map((member) => this.join(hub, member)),
    ]);
  }

  /** A hub is gone with its members. */
  forget(hub: string): PresenceChange {
    return this.replace(hub, []);
  }

  #find(id: string): Member | undefined {
    for (const members of this.#hubs.values()) {
      const member = members.get(id);
      if (member) return member;
    }
    return undefined;
  }
}

/** Whether two members of one id look the same to others. */
export function sameInfo(one: Member, other: Member): boolean {
  return one === other || JSON.stringify(one.info) === JSON.stringify(other.info);
}

function sum(changes: readonly PresenceChange[]): PresenceChange {
  return {
    joined: changes.flatMap(({ joined }) => joined),
    left: changes.flatMap(({ left }) => left),
  };
}
