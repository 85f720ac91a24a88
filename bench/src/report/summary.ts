/** The summary of a run, for a reader of three sentences and one table. */
import type { Results } from "../results.ts";
import { leads } from "./leads.ts";
import { failsTheRun, nameText, number, shortTitle } from "./row-text.ts";

/**
 * `good` and `bad` are for those who decide; `unsure`: no decision may rest on it; `plain`: good to
 * know.
 */
export interface Sentence {
  readonly tone: "good" | "bad" | "unsure" | "plain";
  readonly text: string;
}

/** The sentences, the gravest first. */
export function sentences(results: Results): Sentence[] {
  return [
    ...quick(results),
    ...failures(results),
    ...deliveries(results),
    ...bars(results),
    ...leaderships(results),
    ...unpromised(results),
    ...invalid(results),
  ];
}

function quick({ profile }: Results): Sentence[] {
  if (profile === "full") return [];
  return [
    {
      tone: "unsure",
      text: "This was a quick run: it is good for a first look, but its figures should not be quoted.",
    },
  ];
}

function failures({ scenarios }: Results): Sentence[] {
  return scenarios.flatMap((scenario) =>
    scenario.rows.filter(failsTheRun).map((row): Sentence => {
      const { account } = row;
      const counts = [
        account && row.lossless && counted(account.lost, "lost"),
        account && row.lossless && counted(account.doubled, "doubled"),
        account && row.lossless && counted(account.disordered, "out of order"),
        account && counted(account.stray, "delivered to a subscriber that was not due them"),
        ...row.troubles,
      ].filter((text) => text);
      return {
        tone: "bad",
        text: `${nameText(row)} failed in ${shortTitle(scenario)}: ${counts.join(", ")}.`,
      };
    }),
  );
}

function counted(count: number, what: string): string {
  return count > 0 ? `${number(count)} ${what}` : "";
}

function deliveries({ scenarios }: Results): Sentence[] {
  const rows = scenarios.flatMap((scenario) => scenario.rows).filter(({ lossless }) => lossless);
  const accounts = rows.flatMap(({ account }) => (account ? [account] : []));
  if (accounts.length === 0) return [];
  const sum = (pick: (account: (typeof accounts)[number]) => number): number =>
    accounts.reduce((total, account) => total + pick(account), 0);
  const expected = number(sum(({ expected: due }) => due));
  const wrong = sum(({ lost, doubled, disordered }) => lost + doubled + disordered);
  if (wrong === 0)
    return [
      {
        tone: "good",
        text: `Nothing was lost, doubled or out of order where that is promised: all ${expected} deliveries arrived.`,
      },
    ];
  const counts = [
    counted(
      sum(({ lost }) => lost),
      "lost",
    ),
    counted(
      sum(({ doubled }) => doubled),
      "doubled",
    ),
    counted(
      sum(({ disordered }) => disordered),
      "out of order",
    ),
  ].filter((text) => text !== "");
  return [
    {
      tone: "bad",
      text: `Of ${expected} deliveries that were promised, ${counts.join(", ")}; the sentences above say where.`,
    },
  ];
}

function bars({ scenarios }: Results): Sentence[] {
  const verdicts = scenarios.flatMap((scenario) => scenario.verdicts);
  if (verdicts.length === 0) return [];
  const those = (outcome: string): string[] =>
    verdicts.filter((verdict) => verdict.outcome === outcome).map(({ text }) => text);
  const missed = those("missed");
  const undecided = those("undecided").length;
  const rest = [
    ...(missed.length > 0
      ? [`${missed.length} missed (${missed.map((text) => text.replace(/: missed$/, "")).join("; ")})`]
      : []),
    ...(undecided > 0 ? [`${undecided} undecided`] : []),
  ];
  const held = `${those("holds").length} of ${verdicts.length} of the project's bars hold`;
  const tone = missed.length > 0 ? "bad" : undecided > 0 ? "unsure" : "good";
  return [{ tone, text: `${[held, ...rest].join(", ")}.` }];
}

/** The sole leaders: one sentence for each transport. */
function leaderships(results: Results): Sentence[] {
  const alone = new Map<string, Map<string, string[]>>();
  const all = leads(results);
  const most = new Map<string, number>();
  for (const { leaders, scenario, metric } of all) {
    most.set(shortTitle(scenario), (most.get(shortTitle(scenario)) ?? 0) + 1);
    const [leader] = leaders;
    if (!leader || leaders.length > 1) continue;
    const name = nameText(leader);
    const scenarios = alone.get(name) ?? new Map<string, string[]>();
    alone.set(name, scenarios);
    const title = shortTitle(scenario);
    scenarios.set(title, [...(scenarios.get(title) ?? []), metric.label]);
  }
  return [...alone].map(([name, scenarios]) => {
    const where = [...scenarios].map(([title, labels]) => {
      const everything = labels.length > 1 && labels.length === most.get(title);
      return `${title} (${everything ? "every figure" : labels.join(", ")})`;
    });
    return { tone: "plain", text: `${name} leads in ${where.join("; ")}.` };
  });
}

function unpromised({ scenarios }: Results): Sentence[] {
  return scenarios.flatMap((scenario): Sentence[] => {
    const losses = scenario.rows.flatMap((row) => {
      const { account, lossless, contender } = row;
      if (lossless || !account || account.lost === 0) return [];
      return [`${contender} ${number(account.lost)} of ${number(account.expected)}`];
    });
    if (losses.length === 0) return [];
    const where = shortTitle(scenario);
    return [
      {
        tone: "plain",
        text: `Lost in ${where} by contenders that promise no recovery: ${losses.join("; ")}.`,
      },
    ];
  });
}

function invalid({ scenarios }: Results): Sentence[] {
  return scenarios.flatMap((scenario): Sentence[] => {
    const rows = scenario.rows.filter((row) => row.invalid !== undefined);
    if (rows.length === 0) return [];
    const every = rows.length === scenario.rows.length;
    const who = every ? "every row" : rows.map(nameText).join("; ");
    const where = shortTitle(scenario);
    return [
      { tone: "unsure", text: `Not counted in ${where}, because the measurement was disturbed: ${who}.` },
    ];
  });
}
