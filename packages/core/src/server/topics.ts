/** The topics of a hub that have subscribers: opened for the first one, closed after the last. */
import type { Clock } from "../clock.ts";
import type { TopicMatch } from "../contract.ts";
import type { Member } from "../protocol/messages.ts";
import { hasPresence } from "../protocol/names.ts";
import { type Distributor, PRESENCE_EVENT } from "./audience.ts";
import type { Backplane } from "./backplane.ts";
import type { HubEmitter } from "./hub-events.ts";
import type { Limits } from "./limits.ts";
import { noAnswer, type Outage } from "./outage.ts";
import type { Peers } from "./peers.ts";
import { noMembers, numberOf, Presence, type PresenceHost } from "./presence.ts";
import type { Digest } from "./presence-numbers.ts";
import { rulesFor, type SlowConsumerPolicies } from "./slow-consumer.ts";
import { Topic, type TopicHost } from "./topic.ts";

/** Position checks that a check without an answer keeps back. */
const STUCK = 5;
/** Digests of presence topics in one message. */
const TOGETHER = 200;

/** A topic's name with the numbers that a hub knows of it. */
type TopicDigest = readonly [topic: string, digest: Digest];

export interface TopicsOptions {
  readonly policies: SlowConsumerPolicies;
  readonly backplane: Backplane;
  readonly distributor: Distributor;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly events: HubEmitter;
  readonly peers: Peers;
  readonly outage: Outage;
  readonly report: (error: unknown) => void;
}

export class Topics {
  readonly #options: TopicsOptions;
  readonly #host: TopicHost;
  readonly #presenceHost: PresenceHost;
  readonly #open: Map<string, Topic> = new Map();
  /**
   * Topics that were announced as occupied. A function cancels the announcement that they are
   * vacated.
   */
  readonly #occupied: Map<string, (() => void) | undefined> = new Map();
  /** Topics whose check is under way, with the time since when. */
  readonly #checking: Map<Topic, number> = new Map();
  #numbers = 0;
  #leaving = 0;
  #cancelCheck: (() => void) | undefined;

  constructor(options: TopicsOptions) {
    const { backplane, distributor, events, limits, outage, peers } = options;
    this.#options = options;
    peers.hear("presence", (hub, body) => this.#compare(hub, body as readonly TopicDigest[]));
    peers.onBeat(this.#beat);
    peers.onMissed(this.#missed);
    peers.onForgotten((hub) => {
      for (const { presence } of this.#open.values()) presence?.forget(hub);
    });
    const grace = (): number => this.grace;
    this.#presenceHost = {
      peers,
      clock: options.clock,
      distributor,
      events,
      get grace() {
        return grace();
      },
      members: limits.members,
      number: () => (this.#numbers += 1),
      spread: this.#spread,
    };
    this.#host = {
      backplane,
      distributor,
      events,
      recovery: limits.recovery,
      report: (error) => outage.failed("checks", error),
      occupied: this.#announceOccupied,
      unused: this.#giveUp,
    };
  }

  open(name: string, match: TopicMatch): Topic {
    const known = this.#open.get(name);
    if (known) return known;
    const { clock, limits, policies, report } = this.#options;
    const topic = new Topic(name, this.#host, rulesFor(match, policies, report), this.#presence(name));
    this.#open.set(name, topic);
    // A topic that could not start would refuse every later subscriber, too.
    topic.ready.catch(() => this.#forget(topic));
    this.#cancelCheck ??= clock.after(limits.positionCheck, this.#check);
    return topic;
  }

  members(name: string): readonly Member[] {
    return this.#open.get(name)?.presence?.members ?? [];
  }

  /** Time that a member stays present after its link was lost, in milliseconds. */
  get grace(): number {
    return this.#options.limits.presenceGrace + this.#leaving;
  }

  /** From now on clients are sent away for up to `spread` milliseconds, and their members stay. */
  drain(spread: number): void {
    this.#leaving = spread;
  }

  close(): void {
    this.#cancelCheck?.();
    for (const cancel of this.#occupied.values()) cancel?.();
    for (const topic of this.#open.values()) topic.close();
    this.#open.clear();
  }

  #presence(name: string): Presence | undefined {
    if (!hasPresence(name)) return undefined;
    return new Presence(name, this.#presenceHost, () => this.#open.get(name)?.giveUpIfUnused());
  }

  readonly #announceOccupied = ({ name }: Topic): void => {
    if (this.#occupied.has(name)) this.#occupied.get(name)?.();
    else this.#options.events.emit("topicOccupied", () => ({ topic: name }));
    this.#occupied.set(name, undefined);
  };

  readonly #giveUp = (topic: Topic): void => {
    const { name, presence } = topic;
    this.#forget(topic);
    if (!this.#occupied.has(name)) return;
    this.#occupied.get(name)?.();
    const vacated = (): void => {
      this.#occupied.delete(name);
      this.#options.events.emit("topicVacated", () => ({ topic: name }));
    };
    // Members whose links were lost have had their grace.
    if (presence) return vacated();
    this.#occupied.set(name, this.#options.clock.after(this.#options.limits.presenceGrace, vacated));
  };

  #forget(topic: Topic): void {
    topic.close();
    if (this.#open.get(topic.name) === topic) this.#open.delete(topic.name);
  }

  readonly #check = (): void => {
    const { clock, limits } = this.#options;
    this.#cancelCheck?.();
    this.#cancelCheck = this.#open.size > 0 ? clock.after(limits.positionCheck, this.#check) : undefined;
    // All in one tick, so that a backplane can ask its engine for all heads at once.
    const checks = Array.from(this.#open.values(), (topic) => this.#checkOne(topic));
    void Promise.all(checks).then((fine) => {
      if (fine.length > 0 && fine.every(Boolean)) this.#options.outage.worked("checks");
    });
  };

  /** Resolves to whether the engine has answered. A check that hangs is not joined by others. */
  async #checkOne(topic: Topic): Promise<boolean> {
    const { clock, limits, outage } = this.#options;
    const now = clock.now();
    const since = this.#checking.get(topic);
    if (since !== undefined && now - since < STUCK * limits.positionCheck) {
      outage.failed("checks", noAnswer());
      return false;
    }
    this.#checking.set(topic, now);
    try {
      await topic.check();
      return true;
    } catch (error) {
      outage.failed("checks", error);
      return false;
    } finally {
      if (this.#checking.get(topic) === now) this.#checking.delete(topic);
    }
  }

  readonly #beat = (): void => {
    const { peers } = this.#options;
    const due: TopicDigest[] = [];
    for (const [name, { presence }] of this.#open) {
      const digest = presence?.beat();
      if (digest) due.push([name, digest]);
    }
    if (!peers.any) return;
    for (let from = 0; from < due.length; from += TOGETHER)
      peers.say("presence", due.slice(from, from + TOGETHER));
  };

  #compare(hub: string, digests: readonly TopicDigest[]): void {
    const { id } = this.#options.peers;
    for (const [name, digest] of digests) {
      const presence = this.#open.get(name)?.presence;
      if (presence) presence.compare(hub, digest);
      else if (numberOf(id, digest) !== 0) this.#spread(name, noMembers(id));
    }
  }

  readonly #missed = (back: boolean): void => {
    for (const { presence } of this.#open.values()) presence?.missed();
    if (back) this.#check();
  };

  readonly #spread = (topic: string, json: string): void => {
    const { backplane, clock, outage } = this.#options;
    const entry = { event: PRESENCE_EVENT, json, time: clock.wall() };
    backplane.spread(topic, entry).catch((error: unknown) => outage.failed("messages", error));
  };
}
