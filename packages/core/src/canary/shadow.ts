/**
 * Subscribes over the candidate to the topics that one channel subscribes to over the primary, and
 * lets the ledger compare.
 */
import { ClientConnection } from "../client/connection.ts";
import type { Connection } from "../client/connection-machine.ts";
import type { StreamEffect } from "../client/subscription-machine.ts";
import type { Clock } from "../clock.ts";
import type { Transport } from "../link.ts";
import type {
  Acknowledged,
  Bye,
  ClientMessage,
  Done,
  Expiring,
  Hello,
  Joined,
  Left,
  Members,
  Ping,
  Pong,
  Publish,
  ReadHistory,
  ServerMessage,
  Subscribe,
  Welcome,
} from "../protocol/messages.ts";
import { hasPresence } from "../protocol/names.ts";
import { randomId } from "../random-id.ts";
import { CanaryLedger } from "./canary-ledger.ts";
import { blame, type Side, type Tally } from "./report.ts";

/** The parts of a canary that a shadow uses. */
export interface ShadowHost {
  readonly candidate: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly window: number;
  readonly tally: Tally;
  /** Runs work whose errors must not reach the channel. */
  contain(work: () => void): void;
  /** Reports that the shadow is over. */
  ended(shadow: Shadow): void;
}

/** One link of the primary, by identity. */
export type PrimaryLink = object;

/** Milliseconds to wait for the answer to a subscribe, as a channel does. */
const ANSWER = 10_000;
/**
 * Milliseconds that a shadow waits for its channel's next link. A channel takes less between two
 * attempts: at most 20 s, and 15 s for its token. A channel that is closed while it waits notifies
 * no transport.
 */
const LINGER = 40_000;

export class Shadow {
  readonly ledger: CanaryLedger;
  readonly #host: ShadowHost;
  readonly #unshadowed: Set<string> = new Set();
  readonly #retries: Map<string, () => void> = new Map();
  /**
   * Welcomed links of the channel. While it moves to another connection of the primary there are
   * two, and the newest counts.
   */
  readonly #links: Set<PrimaryLink> = new Set();
  #current: PrimaryLink | undefined;
  #lostAt = Infinity;
  #connection: ClientConnection | undefined;
  #before: Connection["state"] = "idle";
  #dialledAt = 0;
  #token: string | undefined;
  #ref = 0;
  #over = false;
  #cancelLinger: (() => void) | undefined;

  constructor(host: ShadowHost) {
    this.#host = host;
    this.ledger = new CanaryLedger(host.tally, host.window);
  }

  /** The channel was welcomed on a link. */
  welcomed(link: PrimaryLink, token: string | undefined): void {
    this.#links.add(link);
    this.#current = link;
    this.#token = token;
    this.#cancelLinger?.();
    // After the channel has sent its subscribes.
    queueMicrotask(() => this.#host.contain(() => this.#connect()));
  }

  /**
   * Called when the channel has received its welcome and has subscribed again to the topics that it
   * still wants.
   */
  resumed(): void {
    for (const topic of this.ledger.topics)
      if (this.ledger.state("primary", topic) !== "joining") this.#leave(topic, this.#lostAt);
    this.#lostAt = Infinity;
  }

  /** Records that the channel tries to connect, and so has not given up. */
  attempted(): void {
    if (this.#links.size === 0 && !this.#over) this.#linger();
  }

  /** Records that the link is gone. `comesBack`: the channel will try again. */
  gone(link: PrimaryLink, comesBack: boolean): void {
    if (!this.#links.delete(link)) return;
    if (link === this.#current) {
      this.#current = undefined;
      this.#lostAt = this.#host.clock.now();
      this.#lost("primary");
    }
    if (this.#links.size > 0) return;
    if (comesBack) this.#linger();
    else this.end();
  }

  /** Takes a message that the channel sends. */
  said(link: PrimaryLink, message: ClientMessage): void {
    if (link !== this.#current) return;
    switch (message.type) {
      case "subscribe":
        return this.#asked(message);
      case "unsubscribe":
        return this.#leave(message.topic);
      case "token":
        this.#token = message.token;
        this.#connection?.send([{ type: "token", ref: this.#nextRef(), token: message.token }]);
        return;
      default:
        message satisfies Hello | ReadHistory | Publish | Ping | Pong;
    }
  }

  /** Takes a message that the channel receives over the primary. */
  heard(link: PrimaryLink, message: ServerMessage): void {
    if (link === this.#current) this.#receive("primary", message);
  }

  /** Closes the candidate's link. */
  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#cancelLinger?.();
    this.#connection?.dispatch({ type: "close" });
    for (const topic of this.ledger.topics) this.#leave(topic, this.#lostAt);
    this.#host.ended(this);
  }

  #linger(): void {
    this.#cancelLinger?.();
    this.#cancelLinger = this.#host.clock.after(LINGER, () => this.end());
  }

  #nextRef(): number {
    this.#ref += 1;
    return this.#ref;
  }

  /**
   * Connects, unless it is connected. A candidate that waits for its next attempt, or was refused
   * for good, tries again at once.
   */
  #connect(): void {
    if (this.#over) return;
    if (this.#connection && this.#connection.now.state !== "failed")
      return this.#connection.dispatch({ type: "wake" });
    if (this.#connection) this.ledger.revive();
    const { candidate, clock, random, tally } = this.#host;
    this.#before = "idle";
    this.#connection = new ClientConnection({
      transport: candidate,
      session: randomId(22),
      token: () => this.#token,
      clock,
      random,
      backoff: {},
      changed: (now) => this.#changed(now),
      message: (message) => this.#receive("candidate", message),
      malformed: () => blame(tally.candidate, "malformed"),
    });
    this.#connection.dispatch({ type: "connect" });
  }

  #changed(now: Connection): void {
    const { clock, tally } = this.#host;
    const wire = tally.candidate;
    const before = this.#before;
    this.#before = now.state;
    if (now.state === "connecting") this.#dialledAt = clock.now();
    if (now.state === "connected") {
      wire.connected += 1;
      wire.connecting.add(clock.now() - this.#dialledAt);
      for (const topic of this.ledger.topics) this.#step("candidate", topic, { type: "connected" });
    }
    if (now.state !== "waiting" && now.state !== "failed") return;
    blame(wire, now.cause.code);
    if (before === "connected") {
      wire.dropped += 1;
      this.#lost("candidate");
    } else wire.failed += 1;
    if (now.state === "failed") this.ledger.retire(clock.now());
  }

  #lost(side: Side): void {
    for (const topic of this.ledger.topics) this.#step(side, topic, { type: "lost" });
  }

  #asked({ topic, ref, position }: Subscribe): void {
    if (hasPresence(topic)) {
      if (!this.#unshadowed.has(topic)) this.#host.tally.unshadowed += 1;
      this.#unshadowed.add(topic);
    } else if (this.ledger.asked(topic, ref, position, this.#host.clock.now()) && this.#isConnected)
      this.#step("candidate", topic, { type: "connected" });
  }

  get #isConnected(): boolean {
    return this.#connection?.now.state === "connected";
  }

  #leave(topic: string, since?: number): void {
    const subscribed = this.ledger.state("candidate", topic);
    this.ledger.left(topic, this.#host.clock.now(), since);
    this.#cancelRetry(topic);
    if (subscribed === "joining" || subscribed === "live")
      this.#connection?.send([{ type: "unsubscribe", ref: this.#nextRef(), topic }]);
  }

  #receive(side: Side, message: ServerMessage): void {
    switch (message.type) {
      case "subscribed":
      case "notification":
      case "skip":
      case "gap":
      case "head":
        return this.#step(side, message.topic, message);
      case "error": {
        const { ref, topic } = message;
        // Streams ignore refs that are not theirs.
        const concerned = ref !== undefined ? this.ledger.topics : topic !== undefined ? [topic] : [];
        for (const name of concerned) this.#step(side, name, message);
        return;
      }
      default:
        message satisfies
          | Welcome
          | Acknowledged
          | Done
          | Members
          | Joined
          | Left
          | Expiring
          | Ping
          | Pong
          | Bye;
    }
  }

  #step(side: Side, topic: string, event: Parameters<CanaryLedger["step"]>[2]): void {
    const ref = side === "candidate" ? this.#nextRef() : 0;
    const effects = this.ledger.step(side, topic, event, ref, this.#host.clock.now());
    for (const effect of effects) {
      if (side === "candidate") this.#perform(topic, effect);
      else if (effect.do === "end") this.#leave(topic);
    }
  }

  #perform(topic: string, effect: StreamEffect): void {
    switch (effect.do) {
      case "subscribe":
        this.#connection?.send([{ type: "subscribe", ref: effect.ref, topic, position: effect.position }]);
        return this.#retryAfter(topic, ANSWER);
      case "retry":
        return this.#retryAfter(topic, effect.after);
      case "ready":
        return this.#cancelRetry(topic);
      case "end":
        this.#cancelRetry(topic);
        return blame(this.#host.tally.candidate, effect.code);
      default:
        effect.do satisfies "deliver" | "gap";
    }
  }

  #retryAfter(topic: string, ms: number): void {
    this.#cancelRetry(topic);
    const retry = (): void => this.#step("candidate", topic, { type: "retry" });
    this.#retries.set(topic, this.#host.clock.after(ms, retry));
  }

  #cancelRetry(topic: string): void {
    this.#retries.get(topic)?.();
    this.#retries.delete(topic);
  }
}
