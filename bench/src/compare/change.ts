/**
 * How much a figure changed from one run to another, and how sure that is. Absolute figures differ from minute to minute, so
 * what is compared are ratios to the control of the same round, as logarithms: there 1.2 times and 1 / 1.2 times lie equally far.
 *
 * Rounds are no independent witnesses: neighbours share the processes that were started for them, where memory happens to lie
 * is good for some percent, and a busy neighbour stays for several rounds. So each run is cut into a few groups of
 * consecutive rounds, and the spread between the groups says how far the run may be from the truth.
 */

import { median, quantile } from "../measure/stats.ts";
import type { Sample } from "../results.ts";
import { criticalT, twoSided } from "./student.ts";

/** The groups of a run: as many as the fan-out starts its processes anew, so that a group is a start. */
export const GROUPS = 5;

/** Rounds that a run needs at least; fewer say nothing about their own spread. */
export const LEAST_ROUNDS = 5;

/** The standard error of a median, as a multiple of that of a mean, where values are spread normally. */
const MEDIAN_COST = 1.2533;

/** The interquartile range of a normal distribution, in standard deviations. */
const QUARTILES = 1.349;

/** Logarithms of the ratios to the control, by round. */
export interface LogRatios {
  readonly rounds: readonly number[];
  readonly values: readonly number[];
}

/** A change of a figure. All but `chance` are logarithms of factors: 0 is no change, 0.18 is 1.2 times as much. */
export interface Change {
  readonly estimate: number;
  /** The interval of 95 %, of this change alone. */
  readonly low: number;
  readonly high: number;
  /** How likely it is that chance alone makes so large a difference. */
  readonly chance: number;
}

/**
 * Pairs a contender with the control: each sample against the mean of the control's rows in the same round. Rounds that either
 * lacks are left out.
 */
export function logRatios(subject: readonly Sample[], controls: readonly (readonly Sample[])[]): LogRatios {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const { round, value } of controls.flat()) {
    const { sum, count } = sums.get(round) ?? { sum: 0, count: 0 };
    sums.set(round, { sum: sum + value, count: count + 1 });
  }
  const rounds: number[] = [];
  const values: number[] = [];
  for (const { round, value } of subject.toSorted((a, b) => a.round - b.round)) {
    const control = sums.get(round);
    if (!control || !(control.sum > 0) || !(value > 0)) continue;
    rounds.push(round);
    values.push(Math.log(value / (control.sum / control.count)));
  }
  return { rounds, values };
}

/** The change from `a` to `b`; undefined where either has fewer than {@link LEAST_ROUNDS}. */
export function changeBetween(a: LogRatios, b: LogRatios): Change | undefined {
  if (a.values.length < LEAST_ROUNDS || b.values.length < LEAST_ROUNDS) return undefined;
  const [of, to] = [level(a), level(b)];
  const estimate = to.value - of.value;
  const variance = of.variance + to.variance;
  if (variance === 0) return { estimate, low: estimate, high: estimate, chance: estimate === 0 ? 1 : 0 };
  // Welch's degrees of freedom: the side that is known worse counts for more.
  const degrees = variance ** 2 / (of.variance ** 2 / of.degrees + to.variance ** 2 / to.degrees);
  const error = Math.sqrt(variance);
  const reach = criticalT(0.05, degrees) * error;
  return {
    estimate,
    low: estimate - reach,
    high: estimate + reach,
    chance: twoSided(estimate / error, degrees),
  };
}

interface Level {
  readonly value: number;
  /** Of the value, not of the rounds. */
  readonly variance: number;
  readonly degrees: number;
}

/** Where a run lies: the median of its rounds, whose variance is the larger of what groups and what rounds say. */
function level(ratios: LogRatios): Level {
  const groups = groupsOf(ratios).map(median);
  const mean = groups.reduce((sum, value) => sum + value, 0) / groups.length;
  const between =
    groups.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (groups.length - 1) / groups.length;
  const spread = (quantile(ratios.values, 0.75) - quantile(ratios.values, 0.25)) / QUARTILES;
  const within = (MEDIAN_COST * spread) ** 2 / ratios.values.length;
  return {
    value: median(ratios.values),
    variance: Math.max(between, within),
    degrees: groups.length - 1,
  };
}

/** Groups of consecutive rounds, by the rounds' numbers: every second round alone falls into the same groups. */
function groupsOf({ rounds, values }: LogRatios): number[][] {
  const first = rounds[0] ?? 0;
  const span = (rounds.at(-1) ?? 0) - first + 1;
  const groups: number[][] = Array.from({ length: GROUPS }, () => []);
  for (const [index, value] of values.entries()) {
    const place = Math.floor((((rounds[index] ?? first) - first) * GROUPS) / span);
    groups[place]?.push(value);
  }
  return groups.filter((group) => group.length > 0);
}
