/** The second half of a decision in sentences: the choice, and the best case against it. */
import { count } from "./context.ts";
import type { Decision } from "./decision.ts";
import { CRITERIA, type CriterionId, type OptionId } from "./matrix.ts";
import { BEST, middle } from "./score.ts";
import { answer, matrixRef, priceRef, type Ref, type Statement, sourceRefs, statement } from "./statement.ts";

/** Points of a case that are told. */
const POINTS = 4;

/** The choice and what speaks for it. */
export function choiceOf(decision: Decision): Statement[] {
  const { choice, opponent, ranking, matrix, exclusions, needs } = decision;
  if (choice === undefined) {
    const answers = [...new Set(exclusions.flatMap((out) => out.answers))];
    return [
      statement(
        `No option is left: one of the answers ${answers.join(", ")} would have to be another one`,
        answers.map(answer),
      ),
    ];
  }
  const { name } = matrix.options[choice];
  const score = ranking[0]?.score ?? Number.NaN;
  const scored = [matrixRef(`cells/${choice}`), answer("weights"), ...weightRefs(decision)];
  const alone = ranking.length === 1 ? ", and is the only option that is left" : "";
  return [
    statement(`**${name}** scores ${score.toFixed(2)} of ${BEST}${alone}`, scored),
    ...(opponent ? caseFor(decision, choice, opponent) : []),
    ...unknownsOf(decision),
    ...(choice !== "pusher" && decision.costs[choice].processes > 1 ? [scaleWarning(decision)] : []),
    ...(choice === "pusher" && needs.residency === "eu" ? [clusterNote(decision)] : []),
  ];
}

/** The best case for the opponent. */
export function dissentOf(decision: Decision): Statement[] {
  const { choice, opponent, ranking, excluded, matrix, sensitivity, exclusions } = decision;
  if (choice === undefined || opponent === undefined)
    return [statement("There is nothing to weigh against it", [matrixRef("options")])];
  const { name } = matrix.options[opponent];
  const score = [...ranking, ...excluded].find(({ option }) => option === opponent)?.score ?? Number.NaN;
  const out = exclusions.find((exclusion) => exclusion.option === opponent);
  const standing = out
    ? statement(`**${name}** is excluded, but would score ${score.toFixed(2)}`, [
        matrixRef(`cells/${opponent}`),
        ...out.answers.map(answer),
      ])
    : statement(
        `**${name}** is next with ${score.toFixed(2)}, ${(sensitivity.margin ?? 0).toFixed(2)} behind, and wins ${percent(sensitivity.wins[opponent])} of the draws below`,
        [matrixRef(`cells/${opponent}`), ...weightRefs(decision)],
      );
  const points = caseFor(decision, opponent, choice);
  return [
    standing,
    ...points,
    ...(points.length === 0
      ? [statement("It is better on no criterion that has a weight", [matrixRef(`cells/${opponent}`)])]
      : []),
  ];
}

/** Where one option is better than another, the weightiest first. */
function caseFor({ matrix, values, weights, costs }: Decision, one: OptionId, other: OptionId): Statement[] {
  const gains = CRITERIA.map((criterion) => ({
    criterion,
    gain: weights[criterion].value * (middle(values[one][criterion]) - middle(values[other][criterion])),
  }));
  return gains
    .filter(({ gain }) => gain > 0.005)
    .toSorted((a, b) => b.gain - a.gain)
    .slice(0, POINTS)
    .map(({ criterion }) => {
      const [mine, its] = [values[one][criterion], values[other][criterion]];
      const says = criterion === "cost" ? moneyText(costs[one].money) : matrix.cells[one][criterion]?.says;
      const reason = says ? `: ${says}` : ", as measured";
      const against = `${middle(mine).toFixed(1)} against ${middle(its).toFixed(1)} of ${matrix.options[other].name}`;
      const text = `${matrix.criteria[criterion].name}, weight ${count(weights[criterion].value)}, ${against}${reason}`;
      return statement(text, [...mine.refs, ...its.refs, ...weights[criterion].refs]);
    });
}

function moneyText(money: number | undefined): string {
  return money === undefined
    ? "Its price is unknown, which counts as the middle"
    : `$${money.toFixed(2)} a month`;
}

function unknownsOf({ unmeasured, matrix, results }: Decision): Statement[] {
  if (unmeasured.length === 0) return [];
  const names = unmeasured.map((criterion) => matrix.criteria[criterion].name).join("; ");
  const where = results ? "Not measured for every option that is left" : "Not measured";
  const how = "what is unknown counts as the middle of its range, and the draws below take any of it";
  return [
    statement(
      `${where}: ${names}; ${how}`,
      unmeasured.map((criterion) => matrixRef(`criteria/${criterion}`)),
    ),
  ];
}

function clusterNote({ matrix }: Decision): Statement {
  const sources = matrix.limits.find(({ rule }) => rule.onPremises)?.sources ?? [];
  return statement(
    "Its cluster in Ireland, eu, has to be used, because data must stay in the European Union",
    [answer("residency"), ...sourceRefs(sources)],
  );
}

function scaleWarning({ costs, choice, prices, matrix }: Decision): Statement {
  const processes = choice === undefined ? 1 : costs[choice].processes;
  const sources = matrix.limits.find(({ rule }) => rule.severalProcesses)?.sources ?? [];
  return statement(
    `It takes ${processes} hub processes at no more than ${count(prices.assumptions.connectionsPerProcess)} connections each, among which users must be divided so that those of one topic meet, because there is no shared backplane yet`,
    [priceRef("assumptions/connectionsPerProcess"), answer("splittable"), ...sourceRefs(sources)],
  );
}

/** The answers that have raised or set a weight. */
export function weightRefs({ weights }: Decision): Ref[] {
  const raised: CriterionId[] = CRITERIA.filter((criterion) => weights[criterion].refs.length > 0);
  return raised.flatMap((criterion) => weights[criterion].refs);
}

/** A share as whole percents. */
export function percent(share: number | undefined): string {
  return `${Math.round((share ?? 0) * 100)} %`;
}
