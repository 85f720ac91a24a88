/** Tolerance for rounding: without it, a retry at exactly the returned time could be refused. */
const HAIR = 1e-6;

/** Refills at a constant rate up to a burst. Pure: time is an argument. */
export class TokenBucket {
  readonly #perMillisecond: number;
  readonly #burst: number;
  #level: number;
  #at: number;

  constructor(perSecond: number, burst: number, now: number) {
    this.#perMillisecond = perSecond / 1000;
    this.#burst = burst;
    this.#level = burst;
    this.#at = now;
  }

  /**
   * Takes `amount` and returns 0, or takes nothing and returns the milliseconds after which it
   * would succeed.
   */
  take(amount: number, now: number): number {
    this.#level = Math.min(this.#burst, this.#level + (now - this.#at) * this.#perMillisecond);
    this.#at = now;
    // An amount above the burst could never be taken at once; it empties the bucket instead.
    const needed = Math.min(amount, this.#burst);
    if (this.#level >= needed - HAIR) {
      this.#level -= needed;
      return 0;
    }
    return Math.ceil((needed - this.#level) / this.#perMillisecond);
  }
}
