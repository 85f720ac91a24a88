/** Checks a property with many inputs, so that a failure can be had again. */
import fc from "fast-check";

/** The seed that is the same in every run. */
const SEED = 20_260_101;

/**
 * Checks a property `runs` times with a fixed seed, and as often with a fresh one, which the
 * failure names: `fc.assert(property, { seed, path })` has it again.
 */
export function holds<T>(property: fc.IRawProperty<T, false>, runs: number): void {
  fc.assert(property, { seed: SEED, numRuns: runs });
  fc.assert(property, { numRuns: runs });
}

/** Like {@link holds}, for a property that waits. */
export async function holdsAsync<T>(property: fc.IRawProperty<T, true>, runs: number): Promise<void> {
  await fc.assert(property, { seed: SEED, numRuns: runs });
  await fc.assert(property, { numRuns: runs });
}
