/**
 * The decision: hard constraints first, then weights; pure, so that the same answers, figures,
 * judgements and prices decide alike.
 */
import type { Results } from "../results.ts";
import { type Change, changesOf } from "./changes.ts";
import { type Exclusion, exclusions } from "./constraints.ts";
import { type Cost, costOf } from "./cost.ts";
import { type CriterionId, type Matrix, MEASURED, OPTIONS, type OptionId } from "./matrix.ts";
import type { Prices } from "./prices.ts";
import type { Requirements } from "./requirements.ts";
import { type Ranked, rank, type Values, valuesOf } from "./score.ts";
import { type Sensitivity, sensitivityOf } from "./sensitivity.ts";
import { type Weights, weightsFor } from "./weights.ts";

/** The input of a decision. */
export interface Inputs {
  readonly needs: Requirements;
  readonly matrix: Matrix;
  readonly prices: Prices;
  /** Undefined: nothing was measured. */
  readonly results: Results | undefined;
  /** The day of the decision. */
  readonly date: string;
  /** Of the draws of weights. Default: 1. */
  readonly seed?: number;
}

/** A change of one answer that leads to another choice. */
export interface Turn {
  readonly change: Change;
  /** Undefined: no option would be left. */
  readonly choice: OptionId | undefined;
}

/** The decision. */
export interface Decision extends Inputs {
  readonly costs: Readonly<Record<OptionId, Cost>>;
  readonly exclusions: readonly Exclusion[];
  readonly weights: Weights;
  readonly values: Values;
  /** The options that are not excluded, the best first. */
  readonly ranking: readonly Ranked[];
  /** The excluded options, the best first: by the weights alone one of them may have led. */
  readonly excluded: readonly Ranked[];
  /** Undefined when every option is excluded. */
  readonly choice: OptionId | undefined;
  /**
   * The strongest alternative: the next in the ranking, or the best of the excluded when there is
   * none.
   */
  readonly opponent: OptionId | undefined;
  readonly sensitivity: Sensitivity;
  readonly turns: readonly Turn[];
  /**
   * Measured criteria of which nothing, or not everything, is known about an option that is not
   * excluded.
   */
  readonly unmeasured: readonly CriterionId[];
}

/** Decides. */
export function decide(inputs: Inputs): Decision {
  const judged = judge(inputs);
  const { ranking, excluded, values, weights } = judged;
  const choice = ranking[0]?.option;
  return {
    ...inputs,
    ...judged,
    choice,
    opponent: ranking[1]?.option ?? excluded[0]?.option,
    sensitivity: sensitivityOf(ranking, values, weights, { seed: inputs.seed ?? 1 }),
    turns: changesOf(inputs.needs).flatMap((change): Turn[] => {
      const other = judge({ ...inputs, needs: change.needs }).ranking[0]?.option;
      return other === choice ? [] : [{ change, choice: other }];
    }),
    unmeasured: MEASURED.filter((criterion) =>
      ranking.some(({ option }) => values[option][criterion].low < values[option][criterion].high),
    ),
  };
}

type Judged = Pick<Decision, "costs" | "exclusions" | "weights" | "values" | "ranking" | "excluded">;

function judge({ needs, matrix, prices, results }: Inputs): Judged {
  const evidence = { results, proxies: needs.proxies };
  const costs = Object.fromEntries(
    OPTIONS.map((id) => [id, costOf(matrix.options[id], needs, evidence, prices)]),
  ) as Record<OptionId, Cost>;
  const out = exclusions(needs, matrix, costs, evidence);
  const isOut = (id: OptionId): boolean => out.some(({ option }) => option === id);
  const weights = weightsFor(needs);
  const values = valuesOf(matrix, costs, evidence);
  return {
    costs,
    exclusions: out,
    weights,
    values,
    ranking: rank(
      OPTIONS.filter((id) => !isOut(id)),
      values,
      weights,
    ),
    excluded: rank(OPTIONS.filter(isOut), values, weights),
  };
}
