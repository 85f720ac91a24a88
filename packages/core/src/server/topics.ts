/** The topics of a hub that have subscribers: opened for the first one, closed after the last. */
import type { Clock } from "../clock.ts";
import type { TopicMatch } from "../contract.ts";
import type { Member } from "../protocol/messages.ts";
import { hasPresence } from "../protocol/names.ts";
import { randomId } from "../random-id.ts";
import type { Distributor } from "./audience.ts";
import type { Backplane } from "./backplane.ts";
import type { HubEmitter } from "./hub-events.ts";
import type { Limits } from "./limits.ts";
import { Presence } from "./presence.ts";
import { rulesFor, type SlowConsumerPolicies } from "./slow-consumer.ts";
import { Topic, type TopicHost } from "./topic.ts";

/** Position checks without a report after which the members of another hub are given up. */
const LEASE_CHECKS = 3;

export interface TopicsOptions {
  readonly policies: SlowConsumerPolicies;
  readonly backplane: Backplane;
  readonly distributor: Distributor;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly events: HubEmitter;
  readonly report: (error: unknown) => void;
}

export class Topics {
  readonly #options: TopicsOptions;
  readonly #host: TopicHost;
  readonly #open: Map<string, Topic> = new Map();
  /**
   * Topics that were announced as occupied. A function cancels the announcement that they are
   * vacated.
   */
  readonly #occupied: Map<string, (() => void) | undefined> = new Map();
  /** The name of this hub among those that share the backplane. */
  readonly #hub: string = randomId(12);
  #cancelCheck: (() => void) | undefined;

  constructor(options: TopicsOptions) {
    const { backplane, distributor, events, limits, report } = options;
    this.#options = options;
    this.#host = {
      backplane,
      distributor,
      events,
      recovery: limits.recovery,
      report,
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

  close(): void {
    this.#cancelCheck?.();
    for (const cancel of this.#occupied.values()) cancel?.();
    for (const topic of this.#open.values()) topic.close();
    this.#open.clear();
  }

  #presence(name: string): Presence | undefined {
    if (!hasPresence(name)) return undefined;
    const { backplane, clock, distributor, events, limits, report } = this.#options;
    const host = {
      hub: this.#hub,
      clock,
      backplane,
      distributor,
      events,
      grace: limits.presenceGrace,
      lease: LEASE_CHECKS * limits.positionCheck,
      members: limits.members,
      report,
    };
    return new Presence(name, host, () => this.#open.get(name)?.giveUpIfUnused());
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
    const { clock, limits, report } = this.#options;
    for (const topic of this.#open.values()) topic.check().catch(report);
    this.#cancelCheck = this.#open.size > 0 ? clock.after(limits.positionCheck, this.#check) : undefined;
  };
}
