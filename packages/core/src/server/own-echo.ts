/** The times at which a hub has received its own words, which tell when it missed others. Pure. */

export class OwnEcho {
  readonly #patience: number;
  #at: number;
  #cut: { readonly from: number; readonly to: number } | undefined;

  /** `patience`: milliseconds without its own word after which a hub may have missed others. */
  constructor(now: number, patience: number) {
    this.#at = now;
    this.#patience = patience;
  }

  /** The hub has received its own word. */
  heard(now: number): void {
    if (now - this.#at > this.#patience) this.#cut = { from: this.#at, to: now };
    this.#at = now;
  }

  /** The time since when words may be missing: until this moment, or until one shortly before. */
  missedSince(now: number): number {
    const over = now - this.#at <= this.#patience;
    return over && this.#cut && now - this.#cut.to < 2 * this.#patience ? this.#cut.from : this.#at;
  }
}
