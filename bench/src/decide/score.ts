/**
 * Scores. Every criterion gives each option a value from 0 to 4: a judgement of the matrix, the
 * cost against the cheapest, or measured figures against the control of the same run. An unknown
 * value may be anything from 0 to 4 and counts as 2 in the mean.
 */
import type { Cost } from "./cost.ts";
import { type Evidence, measurementOf } from "./evidence.ts";
import {
  CRITERIA,
  type Criterion,
  type CriterionId,
  type Matrix,
  OPTIONS,
  type OptionEntry,
  type OptionId,
} from "./matrix.ts";
import { matrixRef, priceRef, type Ref, sourceRefs } from "./statement.ts";
import type { Weights } from "./weights.ts";

/** The best value of a criterion. */
export const BEST = 4;
/**
 * Dollars added to both sides before costs are compared, so that a coffee's worth decides nothing.
 */
const SMALL_CHANGE = 10;

/** The value of an option on one criterion; `low` and `high` differ where something is unknown. */
export interface Value {
  readonly low: number;
  readonly high: number;
  readonly refs: readonly Ref[];
}

/** All values. */
export type Values = Readonly<Record<OptionId, Readonly<Record<CriterionId, Value>>>>;

/**
 * An option with its score from 0 to 4, and the range in which it may be because of what is
 * unknown.
 */
export interface Ranked {
  readonly option: OptionId;
  readonly score: number;
  readonly low: number;
  readonly high: number;
}

/**
 * The value of a ratio to the control, where less is better: 3 at the control's own, one less for
 * each doubling, one more for a half.
 */
export function valueOfRatio(ratio: number): number {
  return clamp(3 - Math.log2(ratio));
}

/** The value of a cost: 4 for the cheapest, one less for each doubling. */
export function valueOfCost(dollars: number, cheapest: number): number {
  return clamp(BEST - Math.log2((dollars + SMALL_CHANGE) / (cheapest + SMALL_CHANGE)));
}

/** The values of all options, excluded or not; `among` are those whose costs are compared. */
export function valuesOf(
  matrix: Matrix,
  costs: Readonly<Record<OptionId, Cost>>,
  evidence: Evidence,
): Values {
  const totals = OPTIONS.flatMap((id) => totalOf(costs[id]) ?? []);
  const cheapest = Math.min(...totals);
  const value = (id: OptionId, criterion: CriterionId): Value => {
    if (criterion === "cost") return costValue(costs[id], cheapest);
    const cell = matrix.cells[id][criterion];
    return cell
      ? {
          low: cell.score,
          high: cell.score,
          refs: [matrixRef(`cells/${id}/${criterion}`), ...sourceRefs(cell.sources)],
        }
      : measuredValue(matrix.criteria[criterion], matrix.options[id], evidence, criterion);
  };
  const of = (id: OptionId) =>
    Object.fromEntries(CRITERIA.map((criterion) => [criterion, value(id, criterion)])) as Record<
      CriterionId,
      Value
    >;
  return Object.fromEntries(OPTIONS.map((id) => [id, of(id)])) as Record<
    OptionId,
    Record<CriterionId, Value>
  >;
}

/** Money and hours together; undefined while the money is unknown. */
export function totalOf({ money, hours }: Cost): number | undefined {
  return money === undefined ? undefined : money + (hours ?? 0);
}

function costValue(cost: Cost, cheapest: number): Value {
  const total = totalOf(cost);
  const refs = [...cost.refs];
  if (total === undefined) return { low: 0, high: BEST, refs };
  const value = valueOfCost(total, cheapest);
  return { low: value, high: value, refs: [...refs, priceRef("assumptions")] };
}

function measuredValue(
  { figures }: Criterion,
  option: OptionEntry,
  evidence: Evidence,
  criterion: CriterionId,
): Value {
  const parts = figures.map((group) => {
    const found = group.flatMap((figure) => measurementOf(evidence, option, figure) ?? []);
    const measured = found.find(({ ratio }) => ratio !== undefined);
    if (measured?.ratio === undefined) return { low: 0, high: BEST, refs: [] };
    const value = valueOfRatio(measured.ratio);
    return { low: value, high: value, refs: measured.refs };
  });
  const mean = (of: (part: Value) => number): number =>
    parts.length === 0 ? BEST / 2 : parts.reduce((sum, part) => sum + of(part), 0) / parts.length;
  const refs = parts.flatMap((part) => part.refs);
  return {
    low: mean(({ low }) => low),
    high: mean(({ high }) => high),
    refs: refs.length > 0 ? refs : [matrixRef(`criteria/${criterion}`)],
  };
}

/** The weighted mean of one option. NaN when every weight is 0. */
export function scoreOf(
  values: Readonly<Record<CriterionId, Value>>,
  weights: Weights,
  at: (value: Value) => number = middle,
): number {
  let sum = 0;
  let whole = 0;
  for (const criterion of CRITERIA) {
    sum += weights[criterion].value * at(values[criterion]);
    whole += weights[criterion].value;
  }
  return sum / whole;
}

/** The options given, the best first; of equals the one that comes first in the matrix. */
export function rank(options: readonly OptionId[], values: Values, weights: Weights): Ranked[] {
  return options
    .map((option) => ({
      option,
      score: scoreOf(values[option], weights),
      low: scoreOf(values[option], weights, ({ low }) => low),
      high: scoreOf(values[option], weights, ({ high }) => high),
    }))
    .toSorted((a, b) => b.score - a.score);
}

/** Where a value counts. */
export function middle({ low, high }: Value): number {
  return (low + high) / 2;
}

function clamp(value: number): number {
  return Math.min(BEST, Math.max(0, value));
}
