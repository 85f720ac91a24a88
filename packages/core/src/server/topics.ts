/** The topics of a hub that somebody is subscribed to: opened on the first reader, closed after the last. */
import type { Clock } from "../clock.ts";
import type { TopicMatch } from "../contract.ts";
import { optionOf } from "../options.ts";
import type { Member } from "../protocol/messages.ts";
import { hasPresence } from "../protocol/topics.ts";
import { randomId } from "../random-id.ts";
import type { Backplane, Entry } from "./backplane.ts";
import type { Limits } from "./limits.ts";
import type { SlowReaderPolicy } from "./outgoing.ts";
import { Presence } from "./presence.ts";
import { type Distributor, type Reader, Topic, type TopicRules } from "./topic.ts";

/** Another hub's members are given up when it was silent for so many position checks. */
const LEASE_CHECKS = 3;

export class Topics {
  readonly #policies: Readonly<Record<string, SlowReaderPolicy | undefined>>;
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
    policies: Readonly<Record<string, SlowReaderPolicy | undefined>>,
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
        this.#rules(match),
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

  leave(name: string, topic: Topic, reader: Reader, lost: boolean): void {
    topic.leave(reader, lost);
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

  #rules(match: TopicMatch): TopicRules {
    const declared = Array.from(match.events.values()).some(({ kind }) => kind === "conflated");
    const set = optionOf(this.#policies, match.pattern) as SlowReaderPolicy | undefined;
    const policy = set ?? (declared ? "conflate" : "disconnect");
    return {
      policy,
      key: (entry: Entry) => {
        if (policy !== "conflate") return undefined;
        // Where the contract declares no conflated event, the policy makes all of the topic's events conflated.
        if (!declared) return entry.event;
        const definition = match.event(entry.event);
        if (definition?.kind !== "conflated") return undefined;
        if (!definition.key) return entry.event;
        try {
          // No event's name has a line break.
          return `${entry.event}\n${definition.key(JSON.parse(entry.json) as never)}`;
        } catch (error) {
          // The application's own function; without a key nothing supersedes the notification.
          this.#report(error);
          return undefined;
        }
      },
    };
  }
}
