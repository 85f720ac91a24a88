import type { Clock } from "../clock.ts";

interface Timer {
  readonly due: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that moves only when it is advanced, so that a wait of hours costs no time. */
export class VirtualClock implements Clock {
  #now = 0;
  #wall: number;
  #count = 0;
  readonly #timers = new Set<Timer>();

  /** `wall`: the initial wall clock, in milliseconds since 1970. Default: 2026-01-01T00:00Z. */
  constructor(wall: number = Date.UTC(2026, 0, 1)) {
    this.#wall = wall;
  }

  /** Timers that have neither fired nor been cancelled. Above 0 after a close, one has leaked. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#wall;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { due: this.#now + Math.max(0, ms), order: this.#count++, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /**
   * Moves time on and fires the timers that fall due, in order, also those that they set. Promises
   * and immediates run before the first, between any two, and after the last; a socket may need
   * longer.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let timer = this.#next(end); timer; timer = this.#next(end)) {
      this.#moveTo(timer.due);
      this.#timers.delete(timer);
      timer.callback();
      await settle();
    }
    this.#moveTo(end);
  }

  /** Moves the wall clock by `ms`, or back when negative. Timers and `now` are not affected. */
  jumpWall(ms: number): void {
    this.#wall += ms;
  }

  #moveTo(now: number): void {
    this.#wall += now - this.#now;
    this.#now = now;
  }

  #next(end: number): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.due > end) continue;
      if (!first || timer.due < first.due || (timer.due === first.due && timer.order < first.order))
        first = timer;
    }
    return first;
  }
}

/** Lets the callbacks of settled promises and one round of immediates run. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
