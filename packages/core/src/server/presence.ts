/**
 * Presence of one topic on this hub: the members of its links, the reports of other hubs, and the
 * messages to subscribers.
 */
import type { Clock } from "../clock.ts";
import type { Link } from "../link.ts";
import type { Member, ServerMessage } from "../protocol/messages.ts";
import { type Departure, type Distributor, PRESENCE_EVENT, type Subscriber } from "./audience.ts";
import type { Backplane } from "./backplane.ts";
import type { HubEmitter } from "./hub-events.ts";
import { control } from "./outgoing.ts";
import { type PresenceChange, PresenceView, sameInfo } from "./presence-view.ts";

/**
 * A report of one hub to the others, as a volatile entry. It has exactly one of the keys beside
 * `hub`.
 */
type Gossip =
  | { readonly hub: string; readonly members: readonly Member[] }
  | { readonly hub: string; readonly joined: Member }
  | { readonly hub: string; readonly left: string }
  | { readonly hub: string; readonly ask: true }
  | { readonly hub: string; readonly bye: true };

/** The parts of a hub that presence uses. Times are in milliseconds. */
export interface PresenceHost {
  /** The random id of this hub object. */
  readonly hub: string;
  readonly clock: Clock;
  readonly backplane: Backplane;
  readonly distributor: Distributor;
  readonly events: HubEmitter;
  /** Time that a member stays present after its link was lost. */
  readonly grace: number;
  /** Time without a report after which another hub is given up. */
  readonly lease: number;
  /** The most members in one snapshot. */
  readonly members: number;
  readonly report: (error: unknown) => void;
}

/** The most bytes of a snapshot's members; a larger one would not fit into a link's queue. */
const SNAPSHOT_BYTES = 262_144;

interface LocalMember {
  member: Member;
  readonly subscribers: Set<Subscriber>;
  cancelLeave: (() => void) | undefined;
}

export class Presence {
  readonly #topic: string;
  readonly #host: PresenceHost;
  /** Called when this hub has no member left. */
  readonly #emptied: () => void;
  readonly #view: PresenceView = new PresenceView();
  readonly #local: Map<string, LocalMember> = new Map();
  readonly #memberOf: Map<Subscriber, string> = new Map();
  readonly #audience: Map<Link<ServerMessage>, Subscriber> = new Map();
  #closed = false;

  constructor(topic: string, host: PresenceHost, emptied: () => void) {
    this.#topic = topic;
    this.#host = host;
    this.#emptied = emptied;
  }

  /** Whether this hub has no members; those in their grace count. */
  get unused(): boolean {
    return this.#local.size === 0;
  }

  /** All members, on any hub. */
  get members(): readonly Member[] {
    return Array.from(this.#view.members.values());
  }

  /** Called when the topic listens: asks other hubs for their members. */
  start(): void {
    this.#say({ hub: this.#host.hub, ask: true });
  }

  /**
   * Makes a subscriber's member present, and sends the subscriber all members, then every change.
   */
  enter(subscriber: Subscriber, member: Member): void {
    const known = this.#local.get(member.id);
    known?.cancelLeave?.();
    const local = known ?? { member, subscribers: new Set(), cancelLeave: undefined };
    local.cancelLeave = undefined;
    // Other hubs must count it as this hub's member, even when it is present on another already.
    if (!known || !sameInfo(known.member, member)) this.#say({ hub: this.#host.hub, joined: member });
    local.member = member;
    local.subscribers.add(subscriber);
    this.#local.set(member.id, local);
    this.#memberOf.set(subscriber, member.id);
    this.#tell(this.#view.join(this.#host.hub, member, undefined));
    this.#snapshot(subscriber);
    this.#host.distributor.beforeChange();
    this.#audience.set(subscriber.link, subscriber);
  }

  /** Ends a subscriber's membership; after a lost link its member stays for the grace. */
  leave(subscriber: Subscriber, departure: Departure): void {
    if (this.#audience.has(subscriber.link)) {
      this.#host.distributor.beforeChange();
      this.#audience.delete(subscriber.link);
    }
    const id = this.#memberOf.get(subscriber);
    this.#memberOf.delete(subscriber);
    const local = id === undefined ? undefined : this.#local.get(id);
    if (id === undefined || !local?.subscribers.delete(subscriber) || local.subscribers.size > 0) return;
    local.cancelLeave?.();
    if (departure === "lost" && !this.#closed) {
      local.cancelLeave = this.#host.clock.after(this.#host.grace, () => this.#gone(id));
    } else this.#gone(id);
  }

  /** Takes a report of another hub. */
  receive(json: string): void {
    const gossip = JSON.parse(json) as Gossip;
    const { hub } = gossip;
    if (hub === this.#host.hub || this.#closed) return;
    const now = this.#host.clock.now();
    const expiresAt = now + this.#host.lease;
    if ("members" in gossip) this.#tell(this.#view.replace(hub, gossip.members, expiresAt));
    else if ("joined" in gossip) this.#tell(this.#view.join(hub, gossip.joined, expiresAt));
    else if ("left" in gossip) this.#tell(this.#view.leave(hub, gossip.left));
    else if ("bye" in gossip) this.#view.expireAt(hub, now + this.#host.grace);
    else {
      this.#tell(this.#view.replace(hub, this.#view.of(hub), expiresAt));
      this.#sayMembers();
    }
  }

  /**
   * Called three times per lease: renews the lease of this hub with the others, and gives up those
   * whose lease has ended.
   */
  beat(): void {
    const { clock, hub } = this.#host;
    this.#tell(this.#view.expire(clock.now()));
    if (this.#view.knowsOthers(hub)) this.#sayMembers();
  }

  /** Ends the presence of this hub on the topic. Other hubs keep its members for the grace. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const { cancelLeave } of this.#local.values()) cancelLeave?.();
    if (this.#view.knowsOthers(this.#host.hub)) this.#say({ hub: this.#host.hub, bye: true });
  }

  #gone(id: string): void {
    this.#local.delete(id);
    this.#tell(this.#view.leave(this.#host.hub, id));
    this.#say({ hub: this.#host.hub, left: id });
    if (this.unused) this.#emptied();
  }

  #snapshot(subscriber: Subscriber): void {
    const all = this.#view.members;
    const members: Member[] = [];
    let bytes = 0;
    for (const member of all.values()) {
      const more = JSON.stringify(member).length;
      if (members.length >= this.#host.members || bytes + more > SNAPSHOT_BYTES) break;
      bytes += more;
      members.push(member);
    }
    subscriber.push(control({ type: "members", topic: this.#topic, members, count: all.size }, bytes));
  }

  #tell({ joined, left }: PresenceChange): void {
    const topic = this.#topic;
    const { events } = this.#host;
    for (const id of left) {
      this.#fanOut({ type: "left", topic, id });
      events.emit("memberLeft", () => ({ topic, id }));
    }
    for (const member of joined) {
      this.#fanOut({ type: "joined", topic, member }, JSON.stringify(member).length);
      events.emit("memberJoined", () => ({ topic, member }));
    }
  }

  #fanOut(message: ServerMessage, bytes?: number): void {
    if (this.#audience.size > 0) this.#host.distributor.fanOut(this.#audience, control(message, bytes));
  }

  #sayMembers(): void {
    const { hub } = this.#host;
    this.#say({ hub, members: this.#view.of(hub) });
  }

  #say(gossip: Gossip): void {
    const { backplane, clock, report } = this.#host;
    const entry = { event: PRESENCE_EVENT, json: JSON.stringify(gossip), time: clock.wall() };
    backplane.spread(this.#topic, entry).catch(report);
  }
}
