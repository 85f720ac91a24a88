/** Counts by their offsets what a page received, received twice, and did not receive. */
import type { Position } from "@bellwire/core";

/** The sum over everything until now. */
export interface Sum {
  readonly received: number;
  /** Offsets that were passed over. */
  readonly missing: number;
  /** Offsets that came again, or late. */
  readonly repeated: number;
}

export class Account {
  #last: Position | undefined;
  #received = 0;
  #missing = 0;
  #repeated = 0;

  get sum(): Sum {
    return { received: this.#received, missing: this.#missing, repeated: this.#repeated };
  }

  add(position: Position): void {
    this.#received += 1;
    const last = this.#last?.epoch === position.epoch ? this.#last.offset : position.offset - 1;
    if (position.offset <= last) {
      this.#repeated += 1;
      return;
    }
    this.#missing += position.offset - last - 1;
    this.#last = position;
  }
}
