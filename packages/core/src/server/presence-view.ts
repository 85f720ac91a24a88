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

interface HubMembers {
  /** By id. */
  readonly members: Map<string, Member>;
  /** The time at which the hub is given up without another report; undefined for this process. */
  expiresAt: number | undefined;
}

const NOTHING: PresenceChange = { joined: [], left: [] };

export class PresenceView {
  readonly #hubs: Map<string, HubMembers> = new Map();

  /** Every member, once, in no order. */
  get members(): ReadonlyMap<string, Member> {
    const all = new Map<string, Member>();
    for (const { members } of this.#hubs.values())
      for (const [id, member] of members) if (!all.has(id)) all.set(id, member);
    return all;
  }

  /** The members of one hub. */
  of(hub: string): readonly Member[] {
    return Array.from(this.#hubs.get(hub)?.members.values() ?? []);
  }

  /** Whether any hub but this one is known. */
  knowsOthers(hub: string): boolean {
    return this.#hubs.size > (this.#hubs.has(hub) ? 1 : 0);
  }

  join(hub: string, member: Member, expiresAt: number | undefined): PresenceChange {
    const { members } = this.#hub(hub, expiresAt);
    const before = this.#find(member.id);
    members.set(member.id, member);
    return before && sameInfo(before, member) ? NOTHING : { joined: [member], left: [] };
  }

  leave(hub: string, id: string): PresenceChange {
    const members = this.#hubs.get(hub)?.members;
    if (!members?.delete(id) || this.#find(id)) return NOTHING;
    return { joined: [], left: [id] };
  }

  /** A hub reports all of its members. */
  replace(hub: string, members: readonly Member[], expiresAt: number | undefined): PresenceChange {
    const named = new Set(members.map(({ id }) => id));
    const left = this.of(hub).filter(({ id }) => !named.has(id));
    const changes = [
      ...left.map(({ id }) => this.leave(hub, id)),
      ...members.map((member) => this.join(hub, member, expiresAt)),
    ];
    this.#hub(hub, expiresAt);
    return sum(changes);
  }

  /** A hub leaves: its members stay until then, because they are expected at another hub. */
  expireAt(hub: string, time: number): void {
    const known = this.#hubs.get(hub);
    if (known) known.expiresAt = time;
  }

  /** Gives up the hubs that have not reported in time. */
  expire(now: number): PresenceChange {
    const changes: PresenceChange[] = [];
    for (const [hub, { members, expiresAt }] of this.#hubs) {
      if (expiresAt === undefined || expiresAt > now) continue;
      changes.push(...Array.from(members.keys(), (id) => this.leave(hub, id)));
      this.#hubs.delete(hub);
    }
    return sum(changes);
  }

  #hub(hub: string, expiresAt: number | undefined): HubMembers {
    let known = this.#hubs.get(hub);
    if (!known) {
      known = { members: new Map(), expiresAt };
      this.#hubs.set(hub, known);
    }
    known.expiresAt = expiresAt;
    return known;
  }

  #find(id: string): Member | undefined {
    for (const { members } of this.#hubs.values()) {
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
