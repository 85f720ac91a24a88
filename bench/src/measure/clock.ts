/**
 * One monotonic clock for all processes of this host. `process.hrtime` reads CLOCK_MONOTONIC, whose
 * zero all processes share; `performance.now` starts anew in each process and wall clocks jump.
 */

/** Milliseconds with a fraction, comparable between processes of one host and nowhere else. */
export function hostNow(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1e6;
}

/** Resolves after so many milliseconds. */
export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
