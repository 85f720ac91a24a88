/** What a run says, for somebody who reads three sentences and one table. */
import type { MetricDefinition, Results, Row, ScenarioResult } from "../results.ts";
import { failsTheRun, nameText, number, shortTitle, validFigure, withUnit } from "./row-text.ts";

/** `good` and `bad` are for those who decide; `unsure`: no decision may rest on it; `plain`: good to know. */
export interface Sentence {
  readonly tone: "good" | "bad" | "unsure" | "plain";
  readonly text: string;
}

/** Who is ahead at one metric of one scenario, among Bellwire's wires. */
export interface Lead {
  readonly scenario: ScenarioResult;
  readonly metric: MetricDefinition;
  /** The best, and those whose intervals reach its interval: they cannot be told apart. In the table's order. */
  readonly leaders: readonly Row[];
  /** The best figure with its unit. */
  readonly figure: string;
  /** The first control's name and figure; undefined where no control was measured. */
  readonly control: { readonly name: string; readonly figure: string } | undefined;
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

/** Everything somebody can lead at, in the order of the tables. Metrics with fewer than two wires have no lead; a row that fails the run leads nothing. */
export function leads(results: Results): Lead[] {
  return results.scenarios.flatMap((scenario) =>
    scenario.metrics.flatMap((metric) => {
      const found = metric.better === "neither" ? undefined : leadAt(scenario, metric);
      return found ? [found] : [];
    }),
  );
}

function leadAt(scenario: ScenarioResult, metric: MetricDefinition): Lead | undefined {
  const sign = metric.better === "higher" ? -1 : 1;
  const wires = scenario.rows
    .filter((row) => row.kind === "wire" && !failsTheRun(row))
    .flatMap((row) => {
      const figure = validFigure(row, metric);
      return figure ? [{ row, figure }] : [];
    });
  const best = wires.toSorted((one, other) => sign * (one.figure.value - other.figure.value))[0];
  if (!best || wires.length < 2) return undefined;
  const { low = best.figure.value, high = best.figure.value } = best.figure;
  const leaders = wires
    .filter(({ figure }) => (figure.low ?? figure.value) <= high && (figure.high ?? figure.value) >= low)
    .map(({ row }) => row);
  const control = scenario.rows.find((row) => row.kind === "control" && validFigure(row, metric));
  const figure = control && validFigure(control, metric);
  return {
    scenario,
    metric,
    leaders,
    figure: withUnit(best.figure, metric),
    control: control && figure && { name: nameText(control), figure: withUnit(figure, metric) },
  };
}

function quick({ profile }: Results): Sentence[] {
  if (profile === "full") return [];
  return [
    { tone: "unsure", text: "This was a quick run: good for a first look, not for figures that are quoted." },
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
        account && counted(account.stray, "delivered to somebody who was not due them"),
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
        text: `Nothing was lost, doubled or out of order where that is promised: all ${expected} deliveries came.`,
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
      text: `Of ${expected} deliveries that were promised, ${counts.join(", ")}; said above is where.`,
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

/** Who leads alone, at what: one sentence for each wire. */
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
      { tone: "plain", text: `Lost in ${where} by those that promise no recovery: ${losses.join("; ")}.` },
    ];
  });
}

function invalid({ scenarios }: Results): Sentence[] {
  const rows = scenarios.flatMap((scenario) =>
    scenario.rows
      .filter((row) => row.invalid !== undefined)
      .map((row) => `${nameText(row)} in ${shortTitle(scenario)} (${row.invalid})`),
  );
  if (rows.length === 0) return [];
  return [
    { tone: "unsure", text: `Not counted, because the measurement was disturbed: ${rows.join("; ")}.` },
  ];
}
