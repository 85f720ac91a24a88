/** A set of listeners. One that throws does not disturb the others. */

export class Listeners<T> {
  readonly #listeners: Set<(value: T) => unknown> = new Set();
  readonly #failed: (error: unknown) => void;
  readonly #due: T[] = [];

  /** `failed` receives errors that listeners throw or reject with. */
  constructor(failed: (error: unknown) => void) {
    this.#failed = failed;
  }

  /**
   * Adds a listener; the returned function removes it. A function that is added twice is called
   * once.
   */
  add(listener: (value: T) => unknown): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Calls all listeners. A value that a listener emits is delivered after all listeners have had
   * the first one.
   */
  emit(value: T): void {
    this.#due.push(value);
    if (this.#due.length > 1) return;
    for (const next of this.#due) this.#tell(next);
    this.#due.length = 0;
  }

  #tell(value: T): void {
    // A copy, because a listener may remove itself or add others.
    for (const listener of Array.from(this.#listeners)) {
      // An earlier listener may have removed this one.
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
