/**
 * How firmly a ranking stands: which weights would turn it, and how often the same option wins when
 * weights and unknowns are drawn by chance.
 */
import { seededRandom } from "../measure/random.ts";
import { CRITERIA, type CriterionId, type OptionId } from "./matrix.ts";
import { middle, type Ranked, rank, type Value, type Values } from "./score.ts";
import type { Weight, Weights } from "./weights.ts";

/** A weight at which another option takes the lead. */
export interface Flip {
  readonly criterion: CriterionId;
  /** The weight now. */
  readonly from: number;
  /** The weight at which both are equal; beyond it the other leads. */
  readonly at: number;
  readonly to: OptionId;
}

/** The findings. */
export interface Sensitivity {
  /** By how much the first leads; undefined when there is only one. */
  readonly margin: number | undefined;
  /** For each criterion the nearest flip in each direction, the relatively nearest first. */
  readonly flips: readonly Flip[];
  /** The share of draws in which each option won. */
  readonly wins: Readonly<Partial<Record<OptionId, number>>>;
  readonly draws: number;
  readonly seed: number;
}

/** Weights are drawn between a third and three times themselves, as often above as below. */
const SPREAD = 3;

/** The sensitivity of a ranking. The same seed gives the same shares. */
export function sensitivityOf(
  ranking: readonly Ranked[],
  values: Values,
  weights: Weights,
  { draws = 10_000, seed = 1 }: { readonly draws?: number; readonly seed?: number } = {},
): Sensitivity {
  const [first, second] = ranking;
  return {
    margin: first && second && first.score - second.score,
    flips: flips(ranking, values, weights),
    wins: wins(
      ranking.map(({ option }) => option),
      values,
      weights,
      draws,
      seed,
    ),
    draws,
    seed,
  };
}

/**
 * With one weight w varied and the others as they are, the lead over another option is a line in w;
 * it flips where the line is zero. Negative weights mean nothing and are left out.
 */
function flips(ranking: readonly Ranked[], values: Values, weights: Weights): Flip[] {
  const [leader, ...others] = ranking;
  if (!leader) return [];
  const all = CRITERIA.flatMap((criterion): Flip[] => {
    const from = weights[criterion].value;
    const crossings = others.flatMap(({ option }): Flip[] => {
      const lead = (of: CriterionId): number =>
        middle(values[leader.option][of]) - middle(values[option][of]);
      const slope = lead(criterion);
      const rest = CRITERIA.reduce(
        (sum, one) => sum + (one === criterion ? 0 : weights[one].value * lead(one)),
        0,
      );
      const at = -rest / slope;
      return slope !== 0 && at >= 0 && Number.isFinite(at) ? [{ criterion, from, at, to: option }] : [];
    });
    const below = crossings.filter(({ at }) => at <= from).toSorted((a, b) => b.at - a.at);
    const above = crossings.filter(({ at }) => at > from).toSorted((a, b) => a.at - b.at);
    return [...below.slice(0, 1), ...above.slice(0, 1)];
  });
  const distance = ({ from, at }: Flip): number => Math.abs(Math.log((at + 0.1) / (from + 0.1)));
  return all.toSorted((a, b) => distance(a) - distance(b));
}

function wins(
  options: readonly OptionId[],
  values: Values,
  weights: Weights,
  draws: number,
  seed: number,
): Partial<Record<OptionId, number>> {
  const random = seededRandom(seed);
  const won: Partial<Record<OptionId, number>> = Object.fromEntries(options.map((option) => [option, 0]));
  const each = <T, U>(record: Readonly<Record<CriterionId, T>>, of: (one: T) => U) =>
    Object.fromEntries(CRITERIA.map((id) => [id, of(record[id])])) as Record<CriterionId, U>;
  for (let draw = 0; draw < draws; draw += 1) {
    const drawn: Weights = each(
      weights,
      ({ value, refs }): Weight => ({
        value: value * SPREAD ** (2 * random.next() - 1),
        refs,
      }),
    );
    const known = Object.fromEntries(
      options.map((option) => [
        option,
        each(values[option], ({ low, high, refs }): Value => {
          const value = low + (high - low) * random.next();
          return { low: value, high: value, refs };
        }),
      ]),
    ) as Values;
    const winner = rank(options, known, drawn)[0]?.option;
    if (winner) won[winner] = (won[winner] ?? 0) + 1 / draws;
  }
  return won;
}
