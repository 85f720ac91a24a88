/** What came before its turn, of one numbering at a time. Pure. */

import type { Position } from "@bellwire/core";
import type { Notified } from "@bellwire/core/adapter";

/** What came for one place of a topic: its notification, or that it is to be had from the history alone, or is not for us. */
export type Arrival =
  | { readonly kind: "notification"; readonly message: Notified }
  | { readonly kind: "stored" | "skip" };

/** Arrivals that are kept. */
const BOUND = 256;

export class Held {
  readonly #arrivals: Map<number, Arrival> = new Map();
  #epoch: string | undefined;

  get size(): number {
    return this.#arrivals.size;
  }

  get isFull(): boolean {
    return this.#arrivals.size >= BOUND;
  }

  /** The numbering and the earliest of it; undefined when nothing is held. */
  get first(): Position | undefined {
    if (this.#epoch === undefined || this.size === 0) return undefined;
    return { epoch: this.#epoch, offset: Math.min(...this.#arrivals.keys()) };
  }

  get({ epoch, offset }: Position): Arrival | undefined {
    return epoch === this.#epoch ? this.#arrivals.get(offset) : undefined;
  }

  /** `current`: the numbering that was heard last. When it is full, the farthest has to go. */
  add({ epoch, offset }: Position, arrival: Arrival, current: string | undefined): void {
    if (epoch !== this.#epoch) {
      // Of two numberings the one that was not heard yet is the newer; between two such nobody here can decide.
      if (this.size > 0 && epoch === current) return;
      this.#arrivals.clear();
      this.#epoch = epoch;
    }
    // A repetition may be the event itself after a mark that it is stored.
    if (!this.#arrivals.has(offset) || arrival.kind === "notification") this.#arrivals.set(offset, arrival);
    if (this.size > BOUND) this.#arrivals.delete(Math.max(...this.#arrivals.keys()));
  }

  delete({ epoch, offset }: Position): void {
    if (epoch === this.#epoch) this.#arrivals.delete(offset);
  }

  /** Lets go of everything but what comes after this place. */
  keepAfter(place: Position | undefined): void {
    if (place?.epoch !== this.#epoch) this.#arrivals.clear();
    for (const offset of this.#arrivals.keys())
      if (offset <= (place?.offset ?? 0)) this.#arrivals.delete(offset);
  }
}
