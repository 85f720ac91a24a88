/**
 * Collects the items of one tick for one request: a channel that reconnects asks for all of its
 * topics at once.
 */
export class Collector<T> {
  readonly #limit: number;
  readonly #flush: (items: readonly T[]) => void;
  #items: T[] = [];

  /** `flush` gets at most `limit` items at a time. */
  constructor(limit: number, flush: (items: readonly T[]) => void) {
    this.#limit = limit;
    this.#flush = flush;
  }

  add(item: T): void {
    if (this.#items.push(item) > 1) return;
    queueMicrotask(() => {
      const items = this.#items;
      this.#items = [];
      for (let at = 0; at < items.length; at += this.#limit) this.#flush(items.slice(at, at + this.#limit));
    });
  }
}
