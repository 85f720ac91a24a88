/** What one link may say per second. Pure: answers with the milliseconds for which something is refused, 0 when it may. */
import type { Limits } from "./limits.ts";
import { TokenBucket } from "./token-bucket.ts";

/** The least time, in milliseconds, for which a link over its rates is refused. */
const REFUSAL = 500;
/** Milliseconds by which a client's timer may be early: one that came back before the time was up would be refused again. */
const EARLY = 20;

export class InboundRates {
  readonly #messages: TokenBucket;
  readonly #bytes: TokenBucket;
  readonly #subscribes: TokenBucket;
  /** Until when publishes are refused. */
  #refusedUntil = 0;
  /** Subscriptions that were refused and not made since. */
  #postponed = 0;

  constructor(limits: Limits, now: number) {
    this.#messages = new TokenBucket(limits.messageRate, limits.messageBurst, now);
    this.#bytes = new TokenBucket(limits.byteRate, limits.byteRate, now);
    this.#subscribes = new TokenBucket(limits.subscribeRate, limits.subscribeBurst, now);
  }

  /**
   * Any message. Once a publish is refused, all publishes are for a while: what the client had under way behind it must not
   * overtake it. Nothing else has an order to keep, nor puts off the end of that while.
   */
  message(isPublish: boolean, bytes: number, now: number): number {
    if (!isPublish || now >= this.#refusedUntil) {
      const wait = Math.max(this.#messages.take(1, now), this.#bytes.take(bytes, now));
      if (wait <= 0) return 0;
      if (!isPublish) return Math.max(wait, REFUSAL) + EARLY;
      this.#refusedUntil = now + Math.max(wait, REFUSAL);
    }
    // The time must not run out between a refused message and those right behind it.
    this.#refusedUntil = Math.max(this.#refusedUntil, now + REFUSAL / 2);
    return Math.ceil(this.#refusedUntil - now) + EARLY;
  }

  /** A subscription. Each refused one is told a later time, or all of them would come back at once. */
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
