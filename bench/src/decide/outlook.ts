/**
 * The last part of a decision in sentences: what would turn it, how firmly it stands, what it
 * costs, and when to look again.
 */
import { percent, weightRefs } from "./argument.ts";
import { count } from "./context.ts";
import type { Decision } from "./decision.ts";
import { CRITERIA, type OptionId } from "./matrix.ts";
import { answer, matrixRef, priceRef, type Ref, type Statement, sourceRefs, statement } from "./statement.ts";
import { stormOf } from "./storm.ts";

/** Months until judgements and prices are to be looked up again. */
const REVIEW_MONTHS = 6;
/** Flips that are told. */
const FLIPS = 6;

/** Other answers that lead to another choice, and judgements and weights that do. */
export function changesText({ turns, matrix, sensitivity, values, choice }: Decision): Statement[] {
  const byAnswer = turns.map(({ change, choice: to }) =>
    statement(
      `If ${change.text}, ${to === undefined ? "no option would be left" : `it would be ${matrix.options[to].name}`}`,
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
        statement("None of the single answers and weights that were tried changes the choice", [
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
    return [
      statement("With fewer than two options left, no weight changes the choice", [matrixRef("limits")]),
    ];
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
          `Because of unknown values alone, ${matrix.options[option].name} may score from ${low.toFixed(2)} to ${high.toFixed(2)}`,
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

/** The cost of every option. */
export function costText({
  costs,
  ranking,
  excluded,
  needs,
  prices,
  matrix,
  results,
}: Decision): Statement[] {
  const { headroom, hoursSelf, hoursHosted } = prices.assumptions;
  return [
    ...[...ranking, ...excluded].flatMap(({ option }) => [
      ...costs[option].statements,
      ...stormOf(matrix.options[option], needs, costs[option].processes, { results, proxies: needs.proxies }),
    ]),
    statement(
      `CPU for TLS, for connecting and for pings is not in the figures; it has to fit into the headroom of ${headroom} ×`,
      [priceRef("assumptions/headroom")],
    ),
    needs.operatorHour === null
      ? statement("Nobody's hours are counted", [answer("operatorHour")])
      : statement(
          `By assumption, operating takes ${hoursSelf} hours a month for servers of one's own and ${hoursHosted} for a hosted service, at $${needs.operatorHour} each`,
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
    statement(`By ${monthsAfter(date)} in any case, because judgements of ${matrix.date} and prices age`, [
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
            "When Bellwire has a shared backplane, because several processes then need no division of users",
            [
              ...sourceRefs(matrix.limits.find(({ rule }) => rule.severalProcesses)?.sources ?? []),
              matrixRef("limits"),
            ],
          ),
        ]
      : []),
    results
      ? statement(
          "When the servers to be rented have been measured, because these figures come from another machine",
          [{ kind: "figure", scenario: "", contender: "", metric: "" }],
        )
      : statement("When the benchmark has been run, because nothing is measured", [matrixRef("criteria")]),
  ];
}

function monthsAfter(date: string): string {
  const then = new Date(`${date}T00:00:00Z`);
  then.setUTCMonth(then.getUTCMonth() + REVIEW_MONTHS);
  return then.toISOString().slice(0, 10);
}
