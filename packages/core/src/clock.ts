/**
 * Time and timers, as an argument, so that every decision that depends on time can be tested
 * without waiting.
 */
export interface Clock {
  /** Monotonic milliseconds: a wall clock that is set does not move it. */
  now(): number;
  /** Wall-clock milliseconds since 1970, for the `time` of notifications only. */
  wall(): number;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
}

/**
 * The longest time that a platform's timer takes, almost 25 days; a longer one would fire at once.
 */
const LONGEST = 2 ** 31 - 1;

/**
 * The platform's own clock. Its timers keep a Node process alive: a client that waits for its next
 * attempt is not done. They fire after almost 25 days at the latest, which is longer than a client
 * waits for anything.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, LONGEST));
    return () => clearTimeout(timer);
  },
};

/**
 * The platform's own clock for work in the background: its timers let a Node process end, and may
 * take for ever.
 */
// Marked pure, so that a bundle for browsers, where nothing works in the background, can leave it
// out.
export const backgroundClock: Clock = /* @__PURE__ */ makeBackgroundClock();

function makeBackgroundClock(): Clock {
  return {
    ...systemClock,
    after(ms, callback) {
      let timer: ReturnType<typeof setTimeout>;
      const wait = (rest: number): void => {
        const part = Math.min(rest, LONGEST);
        timer = setTimeout(() => (rest > part ? wait(rest - part) : callback()), part);
        // Only Node's timers hold a process; browsers return a number.
        if (typeof timer === "object" && "unref" in timer) timer.unref();
      };
      wait(ms);
      return () => clearTimeout(timer);
    },
  };
}
