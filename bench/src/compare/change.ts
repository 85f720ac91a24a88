/**
 * How much a figure changed from one run to another, and how sure that is. Absolute figures differ
 * from minute to minute, so what is compared are ratios to the control of the same round, as
 * logarithms: there 1.2 times and 1 / 1.2 times lie equally far.
 *
 * Rounds are no independent witnesses: neighbours share the processes that were started for them,
 * where memory happens to lie is good for some percent, and a busy neighbour stays for several
 * rounds. So each run is cut into a few groups of consecutive rounds, and the spread between the
 * groups says how far the run may be from the truth.
 */

import type { Sample } from "../results.ts";
import { criticalT, twoSided } from "./student.ts";

/**
 * The groups of a run: as many as the fan-out starts its processes anew, so that a group is a
 * start.
 */
export const GROUPS = 5;

/** Rounds that a run needs at least; fewer say nothing about their own spread. */
export const LEAST_ROUNDS = 5;

/** The share of the rounds that is left out at either end. */
const TRIMMED = 0.25;

/**
 * The part that no run can see of itself, as a logarithm: a neighbour from the first round to the
 * last, processes started only once. It is an allowance, not a measurement; it keeps a very long
 * run from calling a difference of a percent sure.
 */
const UNSEEN = 0.015;

/** Logarithms of the ratios to the control, by round. */
export interface LogRatios {
  readonly rounds: readonly number[];
  readonly values: readonly number[];
}

/**
 * A change of a figure. All but `chance` are logarithms of factors: 0 is no change, 0.18 is 1.2
 * times as much.
 */
export interface Change {
  readonly estimate: number;
  /** The interval of 95 %, of this change alone. */
  readonly low: number;
  readonly high: number;
  /** How likely it is that chance alone makes so large a difference. */
  readonly chance: number;
}

/**
 * Pairs a contender with the control: each sample against the mean of the control's rows in the
 * same round. Rounds that either lacks are left out.
 */
export function logRatios(subject: readonly Sample[], controls: readonly (readonly Sample[])[]): LogRatios {
  const sums = new Map<number, { sum: number; count: number }>();
  for (const { round, value } of controls.flat()) {
    if (!(value > 0)) continue;
    const { sum, count } = sums.get(round) ?? { sum: 0, count: 0 };
    sums.set(round, { sum: sum + value, count: count + 1 });
  }
  const rounds: number[] = [];
  const values: number[] = [];
  for (const { round, value } of subject.toSorted((a, b) => a.round - b.round)) {
    const control = sums.get(round);
    if (!control || !(value > 0)) continue;
    rounds.push(round);
    values.push(Math.log(value / (control.sum / control.count)));
  }
  return { rounds, values };
}

/** How far one run's ratios lie from 1; undefined where it has fewer than {@link LEAST_ROUNDS}. */
export function levelOf(ratios: LogRatios): Change | undefined {
  if (ratios.values.length < LEAST_ROUNDS) return undefined;
  const { value, variance, degrees } = level(ratios);
  return changeOf(value, variance, degrees);
}

/**
 * The change from `a` to `b`; undefined where either has fewer than {@link LEAST_ROUNDS}. `usual`
 * is the mean {@link unrest} of all that was measured in the same rounds; default: their own.
 */
export function changeBetween(
  a: LogRatios,
  b: LogRatios,
  usual?: { readonly a: number; readonly b: number },
): Change | undefined {
  if (a.values.length < LEAST_ROUNDS || b.values.length < LEAST_ROUNDS) return undefined;
  const [of, to] = [level(a, usual?.a), level(b, usual?.b)];
  const variance = of.variance + to.variance;
  // Welch's degrees of freedom: the side that is known worse counts for more.
  const weights = of.variance ** 2 / of.degrees + to.variance ** 2 / to.degrees;
  return changeOf(to.value - of.value, variance, weights > 0 ? variance ** 2 / weights : 1);
}

function changeOf(estimate: number, variance: number, degrees: number): Change {
  if (variance === 0) return { estimate, low: estimate, high: estimate, chance: estimate === 0 ? 1 : 0 };
  const error = Math.sqrt(variance);
  const reach = criticalT(0.05, degrees) * error;
  const chance = twoSided(estimate / error, degrees);
  return { estimate, low: estimate - reach, high: estimate + reach, chance };
}

/**
 * Where a run lies, and how well that is known: as its rounds say, worse by what its groups differ
 * beyond that, and by what it cannot see of itself. Few groups are a poor witness of their own
 * spread, so `usual` has half the say: what groups of all contenders of the run differ.
 */
function level(ratios: LogRatios, usual: number = unrest(ratios)): Centre {
  const { value, variance: within, degrees } = centre(ratios.values);
  const excess = within * Math.max(0, (unrest(ratios) + usual) / 2 - 1);
  const seen = within + excess;
  const weights = excess ** 2 / (2 * (GROUPS - 1)) + within ** 2 / degrees;
  // A figure that is the same in every round, such as bytes, is known; there is nothing to be
  // unseen.
  const variance = seen > 0 ? seen + UNSEEN ** 2 : 0;
  return { value, variance, degrees: weights > 0 ? variance ** 2 / weights : 1 };
}

/**
 * Whether a run's {@link unrest} can be told: it needs rounds, and rounds that differ. Of a figure
 * that hardly does, such as bytes, the unrest is a quotient of next to nothing.
 */
export function isRestless({ values }: LogRatios): boolean {
  return values.length >= LEAST_ROUNDS && centre(values).variance > (UNSEEN / 10) ** 2;
}

/**
 * How many times as much the groups of a run differ as their rounds explain, as a ratio of
 * variances: 1 when rounds are independent witnesses.
 */
export function unrest(ratios: LogRatios): number {
  const groups = groupsOf(ratios).map((group) => centre(group).value);
  const between = squaresOf(groups) / (groups.length - 1) / groups.length;
  const { variance } = centre(ratios.values);
  return variance > 0 && Number.isFinite(between) ? between / variance : 1;
}

/** The middle of a sample and its standard error. */
interface Centre {
  readonly value: number;
  readonly variance: number;
  readonly degrees: number;
}

/**
 * The mean of the middle half. Wild values move it hardly more than a median, and its variance has
 * a formula, of Tukey and McLaughlin: from the sample with its ends drawn in.
 */
export function centre(sample: readonly number[]): Centre {
  const sorted = sample.toSorted((one, other) => one - other);
  const cut = Math.floor(sorted.length * TRIMMED);
  const [least, most] = [sorted[cut] ?? Number.NaN, sorted[sorted.length - 1 - cut] ?? Number.NaN];
  const value = mean(sorted.slice(cut, sorted.length - cut));
  const drawnIn = sorted.map((one) => Math.min(most, Math.max(least, one)));
  const kept = (1 - 2 * TRIMMED) ** 2 * sorted.length;
  return {
    value,
    variance: squaresOf(drawnIn) / (sorted.length - 1) / kept,
    degrees: sorted.length - 2 * cut - 1,
  };
}

function mean(sample: readonly number[]): number {
  return sample.reduce((sum, value) => sum + value, 0) / sample.length;
}

function squaresOf(sample: readonly number[]): number {
  const middle = mean(sample);
  return sample.reduce((sum, value) => sum + (value - middle) ** 2, 0);
}

/**
 * Groups of consecutive rounds, by the rounds' numbers: every second round alone falls into the
 * same groups.
 */
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
