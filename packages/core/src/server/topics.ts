/** The topics of a hub that somebody is subscribed to: opened on the first subscriber, closed after the last. */
import type { Clock } from "../clock.ts";
import type { TopicMatch } from "../contract.ts";
import type { Member } from "../protocol/messages.ts";
import { hasPresence } from "../protocol/names.ts";
import { randomId } from "../random-id.ts";
import type { Distributor, Subscriber } from "./audience.ts";
import type { Backplane } from "./backplane.ts";
import type { Limits } from "./limits.ts";
import { Presence } from "./presence.ts";
import { rulesFor, type SlowConsumerPolicies } from "./slow-consumer.ts";
import { Topic } from "./topic.ts";

/** Another hub's members are given up when it was silent for so many position checks. */
const LEASE_CHECKS = 3;

export class Topics {
  readonly #policies: SlowConsumerPolicies;
  readonly #backplane: Backplane;
  readonly #distributor: Distributor;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #report: (error: unknown) => void;
  readonly #open: Map<string, Topic> = new Map();
  /** By which other hubs tell this one's members from theirs. */
  readonly #hub: string = randomId(12);
  #cancelCheck: (() => void) | undefined;

  constructor(
    policies: SlowConsumerPolicies,
    backplane: Backplane,
    distributor: Distributor,
    limits: Limits,
    clock: Clock,
    report: (error: unknown) => void,
  ) {
    this.#policies = policies;
    this.#backplane = backplane;
    this.#distributor = distributor;
    this.#limits = limits;
    this.#clock = clock;
    this.#report = report;
  }

  open(name: string, match: TopicMatch): Topic {
    let topic = this.#open.get(name);
    if (!topic) {
      const opened = new Topic(
        name,
        this.#backplane,
        this.#distributor,
        rulesFor(match, this.#policies, this.#report),
        this.#limits.recovery,
        this.#presence(name, () => this.#forgetUnused(name)),
        this.#report,
      );
      topic = opened;
      this.#open.set(name, opened);
      // A topic that could not start would refuse everyone who comes later, too.
      opened.ready.catch(() => this.#forget(name, opened));
      this.#cancelCheck ??= this.#clock.after(this.#limits.positionCheck, this.#check);
    }
    return topic;
  }

  members(name: string): readonly Member[] {
    return this.#open.get(name)?.presence?.members ?? [];
  }

  leave(name: string, topic: Topic, subscriber: Subscriber, lost: boolean): void {
    topic.leave(subscriber, lost);
    if (topic.unused) this.#forget(name, topic);
  }

  close(): void {
    this.#cancelCheck?.();
    for (const topic of this.#open.values()) topic.close();
    this.#open.clear();
  }

  #presence(name: string, emptied: () => void): Presence | undefined {
    if (!hasPresence(name)) return undefined;
    const { members, presenceGrace, positionCheck } = this.#limits;
    const host = {
      hub: this.#hub,
      clock: this.#clock,
      backplane: this.#backplane,
      distributor: this.#distributor,
      grace: presenceGrace,
      lease: LEASE_CHECKS * positionCheck,
      members,
      report: this.#report,
    };
    return new Presence(name, host, emptied);
  }

  #forgetUnused(name: string): void {
    const topic = this.#open.get(name);
    if (topic?.unused) this.#forget(name, topic);
  }

  #forget(name: string, topic: Topic): void {
    topic.close();
    if (this.#open.get(name) === topic) this.#open.delete(name);
  }

  readonly #check = (): void => {
    for (const topic of this.#open.values()) topic.check().catch(this.#report);
    this.#cancelCheck =
      this.#open.size > 0 ? this.#clock.after(this.#limits.positionCheck, this.#check) : undefined;
  };
}
