/**
 * One topic of a hub while it has subscribers: fans out appended entries, and joins replay and live
 * delivery without loss or repetition.
 */
import type { Link } from "../link.ts";
import type { Member, Position, Recent, ServerMessage } from "../protocol/messages.ts";
import { type Departure, type Distributor, PRESENCE_EVENT, type Subscriber } from "./audience.ts";
import type { Backplane, Entry, History } from "./backplane.ts";
import type { HubEmitter } from "./hub-events.ts";
import { control, type Outgoing } from "./outgoing.ts";
import { readRecent } from "./pages.ts";
import type { Presence } from "./presence.ts";
import type { TopicRules } from "./slow-consumer.ts";

/** The parts of a hub that a topic uses. */
export interface TopicHost {
  readonly backplane: Backplane;
  readonly distributor: Distributor;
  readonly events: HubEmitter;
  /** The most notifications that one read may return. */
  readonly recovery: number;
  readonly report: (error: unknown) => void;
  /** A subscriber has joined. */
  readonly occupied: (topic: Topic) => void;
  /** The topic has no subscriber and no member left. */
  readonly unused: (topic: Topic) => void;
}

interface Joining {
  readonly held: Entry[];
  /** The offset of the subscriber after its replay; undefined while the log is being read. */
  cursor: number | undefined;
  /**
   * A gap was sent to all subscribers while the log was being read: the read may end before it, and
   * the held entries begin after it.
   */
  overtaken: boolean;
}

export class Topic {
  readonly name: string;
  /** On `presence-` topics. */
  readonly presence: Presence | undefined;
  readonly #host: TopicHost;
  readonly #rules: TopicRules;
  readonly #live: Map<Link<ServerMessage>, Subscriber> = new Map();
  readonly #joining: Map<Subscriber, Joining> = new Map();
  #head: Position | undefined;
  #saidHead: number | undefined;
  #repairing = false;
  /** An entry was delivered while the log was being read, and may be missing from the result. */
  #repairAgain = false;
  #stop: (() => void) | undefined;
  #closed = false;
  /** Resolves once the backplane delivers and the head is known. */
  readonly ready: Promise<void>;

  constructor(name: string, host: TopicHost, rules: TopicRules, presence?: Presence) {
    this.name = name;
    this.presence = presence;
    this.#host = host;
    this.#rules = rules;
    this.ready = this.#start();
    // Subscribers that join receive the failure; without one, nothing has to handle it.
    this.ready.catch(() => {});
  }

  /**
   * Subscribes a subscriber. `reply` is called once, synchronously before anything of the topic is
   * pushed to the subscriber, with the entries that it receives first: those after its position,
   * or, without one, the `recent` ones. Resolves to false when the subscriber left, or joined
   * again, in the meantime.
   */
  async join(
    subscriber: Subscriber,
    after: Position | undefined,
    member: Member | undefined,
    reply: (history: History) => void,
    recent?: Recent,
  ): Promise<boolean> {
    this.#dismiss(subscriber);
    const joining: Joining = { held: [], cursor: undefined, overtaken: false };
    const { backplane, recovery } = this.#host;
    this.#joining.set(subscriber, joining);
    let history: History;
    try {
      await this.ready;
      for (;;) {
        joining.overtaken = false;
        history = after
          ? await backplane.read(this.name, after, recovery)
          : await readRecent(backplane, this.name, recent, recovery);
        if (this.#closed) break;
        if (joining.overtaken) continue;
        if (history.head.epoch === this.#head?.epoch) break;
        // The topic was renumbered: held entries and read entries have different epochs.
        await this.#repair();
      }
    } catch (error) {
      if (this.#joining.get(subscriber) === joining) this.#joining.delete(subscriber);
      throw error;
    }
    if (this.#joining.get(subscriber) !== joining) return false;
    reply(history);
    if (member) this.presence?.enter(subscriber, member);
    if (history.ok)
      for (const entry of history.entries)
        this.#push(subscriber, this.#outgoing(history.head.epoch, entry), entry);
    // The log may be ahead of the deliveries so far, or behind them; the cursor handles both.
    joining.cursor = history.head.offset;
    for (const entry of joining.held) this.#pushAfter(subscriber, joining, entry);
    joining.held.length = 0;
    this.#settle(subscriber, joining);
    this.#host.occupied(this);
    return true;
  }

  leave(subscriber: Subscriber, departure: Departure): void {
    this.#dismiss(subscriber);
    this.#joining.delete(subscriber);
    this.presence?.leave(subscriber, departure);
    this.giveUpIfUnused();
  }

  /** Notifies the host when the topic has no subscriber and no member left. */
  giveUpIfUnused(): void {
    if (this.#live.size + this.#joining.size === 0 && (this.presence?.unused ?? true))
      this.#host.unused(this);
  }

  /**
   * Compares the head with the backplane, repairs lost deliveries, and sends subscribers the head
   * if it has moved.
   */
  async check(): Promise<void> {
    if (!this.#head || this.#closed) return;
    const known = this.#head;
    const { head } = await this.#host.backplane.read(this.name, undefined, 0);
    // Only a head that did not move during the read proves a loss; otherwise the delivery may still
    // arrive.
    if (this.#head === known && (head.epoch !== known.epoch || head.offset > known.offset))
      await this.#repair();
    const { offset } = this.#head;
    if (offset === this.#saidHead) return;
    this.#saidHead = offset;
    const message = control({ type: "head", topic: this.name, position: this.#head });
    this.#host.distributor.fanOut(this.#live, message);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.presence?.close();
    this.#stop?.();
  }

  async #start(): Promise<void> {
    const stop = await this.#host.backplane.listen(this.name, this.#receive);
    if (this.#closed) return stop();
    this.#stop = stop;
    this.presence?.start();
    const { head } = await this.#host.backplane.read(this.name, undefined, 0);
    // Deliveries that came in the meantime are newer.
    this.#head ??= head;
    this.#saidHead ??= this.#head.offset;
  }

  readonly #receive = (epoch: string, entry: Entry): void => {
    if (entry.event === PRESENCE_EVENT) return this.presence?.receive(entry.json);
    if (entry.offset === 0) return this.#fanOut(epoch, entry);
    // Until the head is known, the first delivery determines it.
    const head = (this.#head ??= { epoch, offset: entry.offset - 1 });
    if (epoch === head.epoch && entry.offset <= head.offset) return;
    if (epoch !== head.epoch || entry.offset > head.offset + 1 || this.#repairing) {
      this.#repair().catch(this.#host.report);
      return;
    }
    this.#head = { epoch, offset: entry.offset };
    this.#fanOut(epoch, entry);
  };

  /**
   * Reads entries that the backplane did not deliver; when they cannot be read, all subscribers get
   * a gap.
   */
  async #repair(): Promise<void> {
    this.#repairAgain = true;
    if (this.#repairing) return;
    this.#repairing = true;
    try {
      for (;;) {
        this.#repairAgain = false;
        const before = this.#head;
        const history = await this.#host.backplane.read(this.name, before, this.#host.recovery);
        if (this.#closed) return;
        if (history.ok) {
          for (const entry of history.entries) {
            this.#head = { epoch: history.head.epoch, offset: entry.offset };
            this.#fanOut(history.head.epoch, entry);
          }
          if (history.entries.length === 0 && !this.#repairAgain) return;
        } else {
          this.#head = history.head;
          const gap = {
            type: "gap",
            topic: this.name,
            position: history.head,
            reason: history.reason,
          } as const;
          const message = control(gap);
          const { reason } = history;
          this.#host.events.emit("gapServed", () => ({ topic: this.name, reason, count: this.#live.size }));
          this.#host.distributor.fanOut(this.#live, message);
          for (const [subscriber, joining] of this.#joining) {
            if (joining.cursor === undefined) {
              joining.held.length = 0;
              joining.overtaken = true;
            } else {
              // The replay may reach as far as this gap does, and then the subscriber has lost
              // nothing.
              const covered = before?.epoch === history.head.epoch && joining.cursor >= history.head.offset;
              if (!covered) {
                subscriber.push(message);
                joining.cursor = history.head.offset;
              }
              this.#settle(subscriber, joining);
            }
          }
        }
      }
    } finally {
      this.#repairing = false;
    }
  }

  #fanOut(epoch: string, entry: Entry): void {
    const item = this.#outgoing(epoch, entry);
    if (entry.exclude === undefined) this.#host.distributor.fanOut(this.#live, item);
    else for (const subscriber of this.#live.values()) this.#push(subscriber, item, entry);
    this.#host.events.emit("delivered", () => ({
      topic: this.name,
      event: entry.event,
      count: this.#countOf(entry),
    }));
    for (const [subscriber, joining] of this.#joining) {
      if (joining.cursor === undefined) joining.held.push(entry);
      else {
        this.#pushAfter(subscriber, joining, entry);
        this.#settle(subscriber, joining);
      }
    }
  }

  #countOf({ exclude }: Entry): number {
    if (exclude === undefined) return this.#live.size;
    let count = 0;
    for (const { session } of this.#live.values()) if (session !== exclude) count += 1;
    return count;
  }

  #dismiss(subscriber: Subscriber): void {
    if (!this.#live.has(subscriber.link)) return;
    this.#host.distributor.beforeChange();
    this.#live.delete(subscriber.link);
  }

  #pushAfter(subscriber: Subscriber, joining: Joining, entry: Entry): void {
    if (entry.offset !== 0 && entry.offset <= (joining.cursor ?? 0)) return;
    this.#push(subscriber, this.#outgoing(this.#head?.epoch ?? "", entry), entry);
    if (entry.offset !== 0) joining.cursor = entry.offset;
  }

  #settle(subscriber: Subscriber, joining: Joining): void {
    if ((this.#head?.offset ?? 0) < (joining.cursor ?? 0)) return;
    this.#joining.delete(subscriber);
    this.#host.distributor.beforeChange();
    this.#live.set(subscriber.link, subscriber);
  }

  #push(subscriber: Subscriber, item: Outgoing, entry: Entry): void {
    if (entry.exclude === undefined || entry.exclude !== subscriber.session) subscriber.push(item);
    else if (entry.offset > 0)
      subscriber.push(control({ type: "skip", topic: this.name, offset: entry.offset }));
  }

  #outgoing(epoch: string, entry: Entry): Outgoing {
    const { name } = this;
    const { offset } = entry;
    const message = {
      type: "notification",
      topic: name,
      event: entry.event,
      json: entry.json,
      // Most transports send `json` as it is; the others parse it once, at the first access.
      get data(): unknown {
        const data: unknown = JSON.parse(entry.json);
        Object.defineProperty(this, "data", { value: data, enumerable: true });
        return data;
      },
      offset,
      time: entry.time,
      ...(entry.id !== undefined && { id: entry.id }),
    } as const;
    const bytes = entry.json.length + name.length + entry.event.length + 48;
    return {
      message,
      bytes,
      topic: { name, epoch, offset, policy: this.#rules.policy, key: this.#rules.key(entry) },
    };
  }
}
