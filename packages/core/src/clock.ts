/** Time and timers, as an argument, so that every decision that depends on time can be tested without waiting. */
export interface Clock {
  /** Monotonic milliseconds: a wall clock that is set does not move it. */
  now(): number;
  /** Wall-clock milliseconds since 1970, for the `time` of notifications only. */
  wall(): number;
  /** Calls back once after `ms`; the returned function cancels. MUST NOT keep a process alive by itself. */
  after(ms: number, callback: () => void): () => void;
}

/** The platform's own clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    const timer: unknown = setTimeout(callback, ms);
    // Node keeps a process alive for a timer; browsers return a number, which has nothing to release.
    if (typeof timer === "object" && timer !== null && "unref" in timer) (timer as { unref(): void }).unref();
    return () => clearTimeout(timer as ReturnType<typeof setTimeout>);
  },
};
