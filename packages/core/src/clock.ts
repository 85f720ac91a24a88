/** Time and timers, as an argument, so that every decision that depends on time can be tested without waiting. */
export interface Clock {
  /** Monotonic milliseconds: a wall clock that is set does not move it. */
  now(): number;
  /** Wall-clock milliseconds since 1970, for the `time` of notifications only. */
  wall(): number;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
}

/** The platform's own clock. Its timers keep a Node process alive: a client that waits for its next attempt is not done. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/** The platform's own clock for work in the background: its timers let a Node process end. */
export const backgroundClock: Clock = {
  ...systemClock,
  after(ms, callback) {
    const timer: unknown = setTimeout(callback, ms);
    // Only Node's timers hold a process; browsers return a number.
    if (typeof timer === "object" && timer !== null && "unref" in timer) (timer as { unref(): void }).unref();
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
};
