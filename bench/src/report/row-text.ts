/** The cells of a scenario's tables: the terminal, the page and the pull request show the same. */
import type { Figure, MetricDefinition, Row, ScenarioResult, Verdict } from "../results.ts";

/** Stands where there is nothing to say. */
export const NOTHING = "–";

/** The heads of the columns that come from the account. */
export const ACCOUNT_HEADS = ["delivered/expected", "lost", "doubled", "out of order"] as const;

/** The title up to its colon: `Fan-out: what a delivery costs` is called `Fan-out` in sentences. */
export function shortTitle(scenario: ScenarioResult): string {
  return scenario.title.split(":")[0] ?? scenario.name;
}

/** The contender with what has to stand beside its name: `Bellwire pusher [emulator, loopback]`. */
export function nameText(row: Row): string {
  return row.caveats.length > 0 ? `${row.contender} [${row.caveats.join(", ")}]` : row.contender;
}

/** Whether the scenario delivers anything, so that its table has an account. */
export function hasAccount(scenario: ScenarioResult): boolean {
  return scenario.rows.some(({ account }) => account !== undefined);
}

/** The cells below {@link ACCOUNT_HEADS}. A count that fails the run ends with `!`. */
export function accountCells(row: Row): string[] {
  const { account } = row;
  if (!account) return ACCOUNT_HEADS.map(() => NOTHING);
  const count = (value: number): string => number(value) + (value > 0 && row.lossless ? " !" : "");
  return [
    `${number(account.delivered)}/${number(account.expected)}`,
    count(account.lost),
    count(account.doubled),
    count(account.disordered),
  ];
}

/** A number with separators and so many digits after the point; a dash when there is none. */
export function number(value: number, digits = 0): string {
  if (!Number.isFinite(value)) return NOTHING;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The interval alone, `11.9–12.8`; undefined where there is none. */
export function intervalText({ low, high }: Figure, { digits }: MetricDefinition): string | undefined {
  if (low === undefined || high === undefined) return undefined;
  return `${number(low, digits)}–${number(high, digits)}`;
}

/** The figure with its interval: `12.3 [11.9–12.8]`. A dash where the contender has none. */
export function figureText(figure: Figure | undefined, metric: MetricDefinition): string {
  if (!figure) return NOTHING;
  const interval = intervalText(figure, metric);
  return number(figure.value, metric.digits) + (interval === undefined ? "" : ` [${interval}]`);
}

/** The figure with its unit, for sentences: `12.3 ms`, `0.81 ×`. */
export function withUnit(figure: Figure, { digits, unit }: MetricDefinition): string {
  return number(figure.value, digits) + (unit === "" ? "" : ` ${unit === "1/s" ? "per second" : unit}`);
}

/** The figure that counts; undefined also where the row is invalid, or the figure is no number. */
export function validFigure(row: Row, metric: MetricDefinition): Figure | undefined {
  const figure = row.figures[metric.id];
  return row.invalid === undefined && figure && Number.isFinite(figure.value) ? figure : undefined;
}

/** The troubles of a row, one line each, the contender's name in front. */
export function rowTroubles(row: Row): string[] {
  const stray = row.account?.stray ?? 0;
  return [
    ...(stray > 0 ? [`${number(stray)} deliveries that no subscriber was due`] : []),
    ...row.troubles,
  ].map((what) => `${nameText(row)}: ${what}`);
}

/**
 * Why the row's figures are not shown, as a list of one or none, for tables that have no room for
 * it.
 */
export function rowInvalid(row: Row): string[] {
  return row.invalid === undefined ? [] : [`${nameText(row)}: invalid: ${row.invalid}`];
}

/** Whether the row fails the run: by what its account says, or by a trouble. */
export function failsTheRun({ account, lossless, troubles }: Row): boolean {
  if (troubles.length > 0) return true;
  if (!account) return false;
  const { lost, doubled, disordered, stray } = account;
  return stray > 0 || (lossless && lost + doubled + disordered > 0);
}

/** The verdict, which ends with its outcome unless the text already says it. */
export function verdictText({ text, outcome }: Verdict): string {
  return text.includes(outcome) ? text : `${text}: ${outcome}`;
}

/** The sign before a verdict. */
export const OUTCOME_SIGNS: Readonly<Record<Verdict["outcome"], string>> = {
  holds: "✓",
  missed: "✗",
  undecided: "?",
};
