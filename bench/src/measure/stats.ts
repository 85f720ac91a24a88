/**
 * The statistics of the report. Medians, never minima or means: one disturbed slice must not decide
 * a figure.
 */
import type { Random } from "./random.ts";

/** A median with the interval that covers it with 95 % confidence. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The value at a fraction of the sorted sample, linear between neighbours. NaN for an empty sample.
 */
export function quantile(sample: readonly number[], fraction: number): number {
  if (sample.length === 0) return Number.NaN;
  const sorted = sample.toSorted((a, b) => a - b);
  const place = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(place)] as number;
  const above = sorted[Math.ceil(place)] as number;
  return below + (above - below) * (place - Math.floor(place));
}

/** The middle of a sample. NaN for an empty one. */
export function median(sample: readonly number[]): number {
  return quantile(sample, 0.5);
}

/**
 * The median with a percentile-bootstrap interval of 95 %. With fewer than about five values the
 * interval is as wide as the sample: it says that little is known, which is true.
 */
export function bootstrapMedian(sample: readonly number[], random: Random, resamples = 2_000): Estimate {
  if (sample.length === 0) return { median: Number.NaN, low: Number.NaN, high: Number.NaN };
  const medians: number[] = [];
  for (let round = 0; round < resamples; round += 1) {
    medians.push(median(sample.map(() => random.pick(sample))));
  }
  return { median: median(sample), low: quantile(medians, 0.025), high: quantile(medians, 0.975) };
}

/**
 * Ratios paired within rounds: what disturbs a whole round disturbs both sides of its ratio. Rounds
 * in which either side is missing are left out.
 */
export function pairedRatios(
  subject: readonly (number | undefined)[],
  baseline: readonly (number | undefined)[],
): number[] {
  const ratios: number[] = [];
  for (const [round, value] of subject.entries()) {
    const base = baseline[round];
    if (value !== undefined && base !== undefined && base > 0) ratios.push(value / base);
  }
  return ratios;
}
