/**
 * The rates of one link. Pure: answers with the milliseconds for which a message is refused, 0 when
 * it is taken.
 */

import { TokenBucket } from "../token-bucket.ts";
import type { Limits } from "./limits.ts";

/** The least time, in milliseconds, for which a link over its rates is refused. */
const REFUSAL = 500;
/**
 * Milliseconds for which a refused publish is awaited after its refusal has ended, before any other
 * is taken.
 */
const EXPECTED = 5_000;
/** A refused message counts once more for each so many bytes, because reading it costs time. */
const REFUSED_BYTES = 4_096;
/**
 * Milliseconds by which a client's timer may be early: an early retry would otherwise be refused
 * again.
 */
const EARLY = 20;

export class InboundRates {
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #subscribes: TokenBucket;
  readonly #pages: TokenBucket;
  readonly #refused: TokenBucket;
  /** Until when publishes are refused, */
  #refusedUntil = 0;
  /** and until when all but the one with this id, the first that was refused. */
  #expected: string | undefined;
  #expectedUntil = 0;
  /** Subscriptions that were refused and not made since. */
  #postponed = 0;

  constructor(limits: Limits, now: number) {
    this.#messages = new TokenBucket(limits.messageRate, limits.messageBurst, now);
    this.#bytes = new TokenBucket(limits.byteRate, limits.byteRate, now);
    this.#subscribes = new TokenBucket(limits.subscribeRate, limits.subscribeBurst, now);
    this.#pages = new TokenBucket(limits.subscribeRate, limits.subscribeBurst, now);
    this.#refused = new TokenBucket(limits.messageRate, limits.refusedMessages, now);
  }

  /** Any message but a publish. It has no order to keep. */
  message(bytes: number, now: number): number {
    const wait = this.#take(bytes, now);
    return wait > 0 ? Math.max(wait, REFUSAL) + EARLY : 0;
  }

  /**
   * A publish. Once one is refused, all are until that one comes again: what was under way behind
   * it must not overtake it, though it may come late. When the client has abandoned it, others are
   * taken after a fixed delay. `full`: the queue of publishes has reached its limit.
   */
  publish(id: string, bytes: number, now: number, full = false): number {
    const overtakes = this.#expected !== undefined && id !== this.#expected && now < this.#expectedUntil;
    if (now >= this.#refusedUntil && !overtakes) {
      const wait = full ? REFUSAL : this.#take(bytes, now);
      if (wait <= 0) {
        this.#expected = undefined;
        return 0;
      }
      this.#refusedUntil = now + Math.max(wait, REFUSAL);
      this.#expectedUntil = this.#refusedUntil + EXPECTED;
      this.#expected = id;
    }
    return Math.ceil(Math.max(this.#refusedUntil - now, REFUSAL / 2)) + EARLY;
  }

  /**
   * Counts a message that was refused. `true`: the link sends so many of them that refusing costs
   * too much, and must end.
   */
  flooded(bytes: number, now: number): boolean {
    return this.#refused.take(1 + Math.floor(bytes / REFUSED_BYTES), now) > 0;
  }

  #take(bytes: number, now: number): number {
    return Math.max(this.#messages.take(1, now), this.#bytes.take(bytes, now));
  }

  /** A page of history, which may cost as much as a subscription. */
  page(now: number): number {
    const wait = this.#pages.take(1, now);
    return wait > 0 ? Math.max(wait, REFUSAL) + EARLY : 0;
  }

  /** A subscription. Each refused one gets a later time, so that they do not all return at once. */
  subscription(now: number): number {
    const wait = this.#subscribes.take(1, now);
    if (wait > 0) {
      this.#postponed += 1;
      return wait * this.#postponed;
    }
    this.#postponed = Math.max(0, this.#postponed - 1);
    return 0;
  }
}
