/** The subscriptions of one link: joining topics, leaving them, and having them taken away. */
import { BellwireError, type ErrorCode, isBellwireError } from "../errors.ts";
import type { Position, ReadHistory, Subscribe } from "../protocol/messages.ts";
import type { Departure } from "./audience.ts";
import type { History } from "./backplane.ts";
import type { ConnectionHost } from "./connection-host.ts";
import type { Grant, Handshake } from "./handshake.ts";
import type { LinkFacts } from "./hub-events.ts";
import type { Identity } from "./identity.ts";
import { InOrder } from "./in-order.ts";
import type { InboundRates } from "./inbound-rates.ts";
import type { LinkQueue } from "./link-queue.ts";
import type { LinkRights } from "./link-rights.ts";
import { control } from "./outgoing.ts";
import { type Page, pageMessage, readPage } from "./pages.ts";
import type { Topic } from "./topic.ts";

/**
 * One subscription, told apart from an earlier one to the same topic that is still being decided.
 */
interface Membership {
  /** Absent while the subscription is being decided. */
  topic: Topic | undefined;
  /** Whether the client has received `subscribed`. */
  served: boolean;
  /** The adapter's decision, where it has made one. */
  readonly grant: Grant | undefined;
}

export class LinkSubscriptions<I extends Identity> {
  readonly #host: ConnectionHost<I>;
  readonly #queue: LinkQueue;
  readonly #rates: InboundRates;
  readonly #handshake: Handshake;
  readonly #facts: () => LinkFacts;
  readonly #memberships: Map<string, Membership> = new Map();
  /** One page at a time, so that a link cannot keep the backplane busy. */
  readonly #pages: InOrder = new InOrder();

  constructor(
    host: ConnectionHost<I>,
    queue: LinkQueue,
    rates: InboundRates,
    handshake: Handshake,
    facts: () => LinkFacts,
  ) {
    this.#host = host;
    this.#queue = queue;
    this.#rates = rates;
    this.#handshake = handshake;
    this.#facts = facts;
  }

  get topics(): IterableIterator<string> {
    return this.#memberships.keys();
  }

  /** Whether the adapter has decided that the link may subscribe. */
  granted(topic: string): boolean {
    return this.#handshake.grant?.("subscribe", topic) !== undefined;
  }

  /**
   * Whether a granted subscription, to this topic or to any, belongs to the user or, on a link
   * without a user, may belong to it.
   */
  mayBelongTo(
    user: string,
    linkUser: string | undefined,
    topic: string | undefined,
  ): "yes" | "unknown" | "no" {
    let unknown = false;
    for (const [name, { grant }] of this.#memberships) {
      if (!grant || (topic !== undefined && name !== topic)) continue;
      const owner = grant.user ?? grant.member?.id ?? linkUser;
      if (owner === user) return "yes";
      unknown ||= owner === undefined;
    }
    return unknown ? "unknown" : "no";
  }

  /** Subscribes and pushes the answer to the queue. Rejects with the error of a refusal. */
  async subscribe(identity: I, { ref, topic: name, position, history: recent }: Subscribe): Promise<void> {
    const { limits, clock } = this.#host;
    const retryAfter = this.#rates.subscription(clock.now());
    if (retryAfter > 0) throw new BellwireError("rate_limited", "too many subscriptions", { retryAfter });
    if (!this.#memberships.has(name) && this.#memberships.size >= limits.subscriptions)
      throw new BellwireError("rate_limited", `at most ${limits.subscriptions} subscriptions on one link`);
    const match = this.#host.access.topic(name);
    this.drop(name, "lost");
    const grant = this.#handshake.grant?.("subscribe", name);
    const membership: Membership = { topic: undefined, served: false, grant };
    this.#memberships.set(name, membership);
    const current = (): boolean => this.#memberships.get(name) === membership;
    try {
      const granted = grant !== undefined;
      await this.#host.access.authorize({ identity, action: "subscribe", topic: name, match, granted });
      if (!current()) return;
      const member = this.#host.access.member(name, identity, grant?.member);
      const topic = this.#host.topic(name, match);
      membership.topic = topic;
      const reply = (history: History): void => {
        const reply = { type: "subscribed", ref, topic: name } as const;
        if (!history.ok) this.#queue.push(control({ ...reply, position: history.head, gap: history.reason }));
        else this.#queue.push(control({ ...reply, position: position ?? beginOf(history) }));
        this.#served(name, position, history);
      };
      await topic.join(this.#queue, position, member, reply, recent);
    } catch (error) {
      if (current()) this.drop(name, "lost");
      throw error;
    }
  }

  /**
   * Answers with a page of history. Reading needs the right to subscribe: the application is asked
   * at the time of the answer, and again when a right was taken meanwhile. Rejects with the error
   * of a refusal.
   */
  async history(identity: () => I, rights: LinkRights, request: ReadHistory): Promise<void> {
    const { limits, clock, access, backplane } = this.#host;
    const retryAfter = this.#rates.page(clock.now());
    if (retryAfter > 0) throw new BellwireError("rate_limited", "too many pages", { retryAfter });
    const { ref, topic } = request;
    const match = access.topic(topic);
    await this.#pages.run(async () => {
      let page: Page;
      let version: number;
      do {
        version = rights.version;
        const reader = identity();
        const grant = this.#handshake.grant?.("subscribe", topic);
        const granted = grant !== undefined;
        await access.authorize({ identity: reader, action: "subscribe", topic, match, granted });
        access.member(topic, reader, grant?.member);
        page = await readPage(backplane, topic, request, limits.recovery);
      } while (version !== rights.version);
      const { message, bytes } = pageMessage(topic, page, this.#queue.session);
      this.#queue.push(control({ type: "acknowledged", ref, ...message }, bytes));
    });
  }

  drop(name: string, departure: Departure): boolean {
    const { topic, served } = this.#memberships.get(name) ?? {};
    topic?.leave(this.#queue, departure);
    if (served) this.#host.events.emit("unsubscribed", () => ({ ...this.#facts(), topic: name }));
    return this.#memberships.delete(name);
  }

  dropAll(departure: Departure): void {
    for (const name of this.#memberships.keys()) this.drop(name, departure);
  }

  /**
   * Ends a subscription from the hub's side; the client receives `code`, and subscribes again if it
   * is retryable.
   */
  end(topic: string, code: ErrorCode): void {
    if (!this.drop(topic, code === "forbidden" ? "left" : "lost")) return;
    this.#queue.push(control({ type: "error", topic, code, message: "the subscription was ended" }));
  }

  /**
   * Asks the application again for every topic, and ends those subscriptions that it does not
   * permit now.
   */
  async reauthorize(identity: I): Promise<void> {
    const { access } = this.#host;
    const check = async (topic: string): Promise<void> => {
      try {
        const match = access.topic(topic);
        const granted = this.granted(topic);
        await access.authorize({ identity, action: "subscribe", topic, match, granted });
      } catch (error) {
        const refused = isBellwireError(error) && !error.retryable;
        this.end(topic, refused ? "forbidden" : "internal");
      }
    };
    await Promise.all(Array.from(this.#memberships.keys(), check));
  }

  #served(topic: string, position: Position | undefined, history: History): void {
    const { events } = this.#host;
    const membership = this.#memberships.get(topic);
    if (membership) membership.served = true;
    const facts = () => ({ ...this.#facts(), topic });
    events.emit("subscribed", facts);
    if (!history.ok) events.emit("gapServed", () => ({ topic, reason: history.reason, count: 1 }));
    else if (position) events.emit("resumeServed", () => ({ ...facts(), count: history.entries.length }));
  }
}

/** The position before the first entry that is sent. */
function beginOf({ head, entries }: Extract<History, { ok: true }>): Position {
  return { epoch: head.epoch, offset: head.offset - entries.length };
}
