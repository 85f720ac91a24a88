/** A set of listeners of which none can harm another. */

export class Listeners<T> {
  readonly #listeners: Set<(value: T) => unknown> = new Set();
  readonly #failed: (error: unknown) => void;
  readonly #due: T[] = [];

  /** `failed` hears what a listener throws or rejects with. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /** Adds a listener; the returned function removes it. Adding the same function twice calls it once. */
  add(listener: (value: T) => unknown): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What a listener causes to be emitted comes after what all of them heard before it. */
  emit(value: T): void {
    this.#due.push(value);
    if (this.#due.length > 1) return;
    for (const next of this.#due) this.#tell(next);
    this.#due.length = 0;
  }

  #tell(value: T): void {
    // A copy, because a listener may remove itself or add others.
    for (const listener of Array.from(this.#listeners)) {
      // One before it may have removed it.
      if (!this.#listeners.has(listener)) continue;
      try {
        const result = listener(value);
        if (result instanceof Promise) result.catch(this.#failed);
      } catch (error) {
        this.#failed(error);
      }
    }
  }
}
