/** The second half of a decision in sentences: the choice, the best case against it, what would turn it, and when to look again. */
import { count } from "./context.ts";
import type { Decision } from "./decision.ts";
import { CRITERIA, type CriterionId, type OptionId } from "./matrix.ts";
import { BEST, middle } from "./score.ts";
import { answer, matrixRef, priceRef, type Ref, type Statement, sourceRefs, statement } from "./statement.ts";

/** Months until judgements and prices are to be looked up again. */
const REVIEW_MONTHS = 6;
/** Points of a case that are told. */
const POINTS = 4;
/** Flips that are told. */
const FLIPS = 6;

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
    ...(needs.users > 20_000 && choice !== "pusher" ? [scaleWarning(decision)] : []),
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
      ? [statement("On no criterion that has a weight is it better", [matrixRef(`cells/${opponent}`)])]
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

function scaleWarning({ costs, choice, prices, matrix }: Decision): Statement {
  const processes = choice === undefined ? 1 : costs[choice].processes;
  const sources = matrix.limits.find(({ rule }) => rule.severalProcesses)?.sources ?? [];
  return statement(
    `It takes ${processes} hub processes at no more than ${count(prices.assumptions.connectionsPerProcess)} connections each, among which users must be divided so that those of one topic meet, as there is no shared backplane yet`,
    [priceRef("assumptions/connectionsPerProcess"), answer("splittable"), ...sourceRefs(sources)],
  );
}

/** Other answers that lead to another choice, and judgements and weights that do. */
export function changesText({ turns, matrix, sensitivity, values, choice }: Decision): Statement[] {
  const byAnswer = turns.map(({ change, choice: to }) =>
    statement(
      `If ${change.text}, ${to === undefined ? "nothing would be left" : `it would be ${matrix.options[to].name}`}`,
      [answer(change.key), matrixRef(to === undefined ? "limits" : `cells/${to}`)],
    ),
  );
  const byWeight = sensitivity.flips
    .slice(0, FLIPS)
    .map(({ criterion, from, at, to }) =>
      statement(
        `If ${matrix.criteria[criterion].name} weighed ${at > from ? "more" : "less"} than ${at.toFixed(1)} instead of ${count(from)}, it would be ${matrix.options[to].name}`,
        [...(choice ? values[choice][criterion].refs : []), ...values[to][criterion].refs],
      ),
    );
  const all = [...byAnswer, ...byWeight];
  return all.length > 0
    ? all
    : [
        statement("No single answer and no single weight that was tried changes it", [
          matrixRef("cells"),
          answer("weights"),
        ]),
      ];
}

/** How firmly it stands. */
export function sensitivityText(decision: Decision): Statement[] {
  const { sensitivity, matrix, ranking } = decision;
  const { wins, draws, seed } = sensitivity;
  if (ranking.length < 2)
    return [statement("With fewer than two options left no weight changes anything", [matrixRef("limits")])];
  const shares = ranking
    .toSorted((a, b) => (wins[b.option] ?? 0) - (wins[a.option] ?? 0))
    .map(({ option }) => `${matrix.options[option].name} ${percent(wins[option])}`);
  return [
    statement(
      `In ${count(draws)} draws with seed ${seed}, every weight between a third and three times itself and every unknown anywhere in its range, the winners are ${shares.join(", ")}`,
      [answer("weights"), matrixRef("cells"), ...weightRefs(decision)],
    ),
    ...ranking
      .filter(({ low, high }) => high - low > 0.005)
      .map(({ option, low, high }) =>
        statement(
          `By what is unknown alone, ${matrix.options[option].name} may score from ${low.toFixed(2)} to ${high.toFixed(2)}`,
          unknownRefs(decision, option),
        ),
      ),
  ];
}

function unknownRefs({ values }: Decision, option: OptionId): Ref[] {
  return CRITERIA.flatMap((criterion) => {
    const { low, high, refs } = values[option][criterion];
    return high > low ? refs : [];
  });
}

/** What every option costs. */
export function costText({ costs, ranking, excluded, needs, prices }: Decision): Statement[] {
  const { headroom, hoursSelf, hoursHosted } = prices.assumptions;
  return [
    ...[...ranking, ...excluded].flatMap(({ option }) => costs[option].statements),
    statement(
      `CPU for TLS, for connecting and for pings is not in the figures, and has to be found in the headroom of ${headroom} ×`,
      [priceRef("assumptions/headroom")],
    ),
    needs.operatorHour === null
      ? statement("Nobody's hours are counted", [answer("operatorHour")])
      : statement(
          `Operating takes ${hoursSelf} hours a month for what one runs oneself and ${hoursHosted} for what is hosted, by assumption, at $${needs.operatorHour} each`,
          [answer("operatorHour"), priceRef("assumptions")],
        ),
  ];
}

/** When to look again. */
export function reviewText({ date, matrix, prices, needs, results, choice, turns }: Decision): Statement[] {
  const oldest = [...prices.sources].toSorted((a, b) => a.date.localeCompare(b.date))[0];
  const hosted = choice === "pusher" ? prices.pusher : undefined;
  const plan = hosted?.plans.find(({ connections }) => connections >= needs.users);
  const grown = turns.find(({ change }) => change.key === "users" && change.needs.users > needs.users);
  return [
    statement(`By ${monthsAfter(date)} in any case, as judgements of ${matrix.date} and prices age`, [
      matrixRef("date"),
      ...(oldest ? sourceRefs([oldest]) : [priceRef("servers")]),
    ]),
    ...(plan
      ? [
          statement(
            `Before ${count(plan.connections)} users are connected at once, which is where the plan ${plan.name} ends`,
            [priceRef("hosted/pusher"), answer("users")],
          ),
        ]
      : []),
    ...(grown
      ? [
          statement(
            `Before there are ${count(grown.change.needs.users)} users, where the choice would be another`,
            [answer("users")],
          ),
        ]
      : []),
    ...(choice !== undefined && choice !== "pusher"
      ? [
          statement(
            "When Bellwire has a shared backplane, as several processes then need no division of users",
            [
              ...sourceRefs(matrix.limits.find(({ rule }) => rule.severalProcesses)?.sources ?? []),
              matrixRef("limits"),
            ],
          ),
        ]
      : []),
    results
      ? statement(
          "When the servers to be rented have been measured, as these figures are of another machine",
          [{ kind: "figure", scenario: "", contender: "", metric: "" }],
        )
      : statement("When the benchmark has been run, as nothing is measured", [matrixRef("criteria")]),
  ];
}

function weightRefs({ weights }: Decision): Ref[] {
  const raised: CriterionId[] = CRITERIA.filter((criterion) => weights[criterion].refs.length > 0);
  return raised.flatMap((criterion) => weights[criterion].refs);
}

function percent(share: number | undefined): string {
  return `${Math.round((share ?? 0) * 100)} %`;
}

function monthsAfter(date: string): string {
  const then = new Date(`${date}T00:00:00Z`);
  then.setUTCMonth(then.getUTCMonth() + REVIEW_MONTHS);
  return then.toISOString().slice(0, 10);
}
