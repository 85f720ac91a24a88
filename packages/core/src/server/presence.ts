/**
 * Presence of one topic on this hub: the members of its links, the reports of other hubs, and the
 * messages to subscribers.
 */
import type { Clock } from "../clock.ts";
import type { Link } from "../link.ts";
import type { Member, ServerMessage } from "../protocol/messages.ts";
import { type Departure, type Distributor, type Subscriber } from "./audience.ts";
import type { HubEmitter } from "./hub-events.ts";
import { type ListPart, MemberLists, partsOf } from "./member-lists.ts";
import { control } from "./outgoing.ts";
import type { Peers } from "./peers.ts";
import { type Digest, PresenceNumbers } from "./presence-numbers.ts";
import { type PresenceChange, PresenceView, sameInfo } from "./presence-view.ts";

/** A hub's word to the others about one topic, as a volatile entry of the topic. */
type Gossip = { readonly hub: string } & (
  | { readonly number: number; readonly after: number; readonly joined: Member }
  | { readonly number: number; readonly after: number; readonly left: string }
  | ListPart
  | { readonly asks: Digest }
);

/** The parts of a hub that presence uses. Times are in milliseconds. */
export interface PresenceHost {
  readonly peers: Peers;
  readonly clock: Clock;
  readonly distributor: Distributor;
  readonly events: HubEmitter;
  /** Time that a member stays present after its link was lost. */
  readonly grace: number;
  /** The most members in one snapshot. */
  readonly members: number;
  /** The next number of a change, over all topics. */
  number(): number;
  /** Hands an entry about a topic to the other hubs. */
  spread(topic: string, json: string): void;
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
  readonly #numbers: PresenceNumbers = new PresenceNumbers();
  readonly #lists: MemberLists = new MemberLists();
  readonly #local: Map<string, LocalMember> = new Map();
  readonly #memberOf: Map<Subscriber, string> = new Map();
  readonly #audience: Map<Link<ServerMessage>, Subscriber> = new Map();
  /** Whether the list was sent since the last beat: one answers all hubs that miss something. */
  #listed = false;
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
    this.#say({ hub: this.#hub, asks: this.#numbers.digest });
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
    if (!known || !sameInfo(known.member, member)) {
      const number = this.#host.number();
      this.#say({ hub: this.#hub, number, after: this.#numbers.change(number), joined: member });
    }
    local.member = member;
    local.subscribers.add(subscriber);
    this.#local.set(member.id, local);
    this.#memberOf.set(subscriber, member.id);
    this.#tell(this.#view.join(this.#hub, member));
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

  /** Takes the word of another hub. */
  receive(json: string): void {
    const gossip = JSON.parse(json) as Gossip;
    const { hub } = gossip;
    if (this.#closed || !this.#host.peers.heard(hub)) return;
    if ("asks" in gossip) {
      this.#numbers.saw(hub, gossip.asks.own);
      if (this.#numbers.own !== numberOf(this.#hub, gossip.asks)) this.#sayMembers();
    } else if ("members" in gossip) this.#takePart(hub, gossip);
    else if (this.#numbers.took(hub, gossip.after, gossip.number)) {
      if ("joined" in gossip) this.#tell(this.#view.join(hub, gossip.joined));
      else this.#tell(this.#view.leave(hub, gossip.left));
    }
  }

  /** Takes the numbers that another hub knows, and sends it the members if it has missed some. */
  compare(hub: string, digest: Digest): void {
    this.#numbers.saw(hub, digest.own);
    if (this.#listed || !this.#numbers.missing(numberOf(this.#hub, digest))) return;
    this.#listed = true;
    this.#sayMembers();
  }

  /** Something that other hubs said may have been missed. */
  missed(): void {
    this.#numbers.compare();
  }

  /** Called at every beat. Returns the numbers for the other hubs when they are due. */
  beat(): Digest | undefined {
    this.#listed = false;
    return this.#numbers.beat() ? this.#numbers.digest : undefined;
  }

  /** Another hub is gone with its members. */
  forget(hub: string): void {
    this.#numbers.forget(hub);
    this.#lists.forget(hub);
    this.#tell(this.#view.forget(hub));
  }

  /** Ends the presence of this hub on the topic. Other hubs keep its members for a while. */
  close(): void {
    this.#closed = true;
    for (const { cancelLeave } of this.#local.values()) cancelLeave?.();
  }

  get #hub(): string {
    return this.#host.peers.id;
  }

  #gone(id: string): void {
    this.#local.delete(id);
    this.#tell(this.#view.leave(this.#hub, id));
    const number = this.unused ? 0 : this.#host.number();
    this.#say({ hub: this.#hub, number, after: this.#numbers.change(number), left: id });
    if (this.unused) this.#emptied();
  }

  #takePart(hub: string, part: ListPart): void {
    const members = this.#lists.take(hub, part);
    if (!members) return;
    this.#numbers.listed(hub, part.number);
    this.#tell(this.#view.replace(hub, members));
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
    for (const part of partsOf(this.#numbers.own, this.#view.of(this.#hub)))
      this.#say({ hub: this.#hub, ...part });
  }

  #say(gossip: Gossip): void {
    if (!this.#host.peers.alone) this.#host.spread(this.#topic, JSON.stringify(gossip));
  }
}

/** The word of a hub that has no member of a topic, to one that believes otherwise. */
export function noMembers(hub: string): string {
  const [part] = partsOf(0, []);
  return JSON.stringify({ hub, ...part });
}

/** The number that the sender of a digest knows of a hub. */
export function numberOf(hub: string, { others }: Digest): number {
  return others.find(([name]) => name === hub)?.[1] ?? 0;
}
