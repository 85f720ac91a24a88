/** Runs tasks one after another, in the order of their arrival. */
export class InOrder {
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  /** Tasks that have not ended. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Resolves when every task that arrived before this call has ended. */
  get settled(): Promise<void> {
    return this.#last;
  }

  /**
   * Runs the work after all earlier work, whether that succeeds or not. Settles as the work does.
   */
  run(work: () => Promise<void>): Promise<void> {
    this.#waiting += 1;
    const done = this.#last.then(work).finally(() => {
      this.#waiting -= 1;
    });
    this.#last = done.catch(() => {});
    return done;
  }
}
