/**
 * Full jitter: a random delay up to a bound that doubles with every attempt. Pure: randomness is an
 * argument.
 */

/** Delays between attempts, in milliseconds. */
export interface BackoffOptions {
  /** The bound of the first delay. Default: 500. */
  readonly base: number;
  /** The largest bound. Default: 20,000. */
  readonly cap: number;
}

/** The delay before attempt number `attempt`, counted from 0. `random` is from [0, 1). */
export function backoff(
  attempt: number,
  random: number,
  { base = 500, cap = 20_000 }: Partial<BackoffOptions>,
): number {
  return random * Math.min(cap, base * 2 ** attempt);
}
