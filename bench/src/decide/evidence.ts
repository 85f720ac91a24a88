/**
 * Measurements of an option. Figures are compared only with the control of the same scenario of the
 * same run; a figure that is absent, or from an invalid row, is unknown and never zero.
 */
import type { MetricDefinition, Results, Row, ScenarioResult } from "../results.ts";
import type { OptionEntry } from "./matrix.ts";
import type { Requirements } from "./requirements.ts";
import type { Ref } from "./statement.ts";

/** Figures, and to which rows one may look. */
export interface Evidence {
  /** Undefined: nothing was measured. */
  readonly results: Results | undefined;
  readonly proxies: Requirements["proxies"];
}

/** The rows that stand for an option: on networks as the users have them. */
export function contendersOf(
  { contenders: { open, blocked } }: OptionEntry,
  proxies: Requirements["proxies"],
): string[] {
  if (proxies === "none") return [...open];
  return [...new Set(proxies === "strict" ? blocked : [...open, ...blocked])];
}

/** A measured value of an option: of several contenders, the worst. */
export interface Measurement {
  readonly value: number;
  readonly unit: MetricDefinition["unit"];
  /**
   * In controls of the same scenario, so that less is better; undefined where there is no control.
   */
  readonly ratio: number | undefined;
  /** The figure, and the control's. */
  readonly refs: readonly Ref[];
}

/** Reads `scenario/metric` of an option. Undefined where none of its contenders has it. */
export function measurementOf(
  { results, proxies }: Evidence,
  option: OptionEntry,
  figure: string,
): Measurement | undefined {
  const [scenarioName, metricId] = figure.split("/");
  const scenario = results?.scenarios.find(({ name }) => name === scenarioName);
  const names = contendersOf(option, proxies);
  const metric = scenario?.metrics.find(({ id }) => id === metricId);
  if (!scenario || !metric || names.length === 0) return undefined;
  const control = scenario.rows.find(
    (row) => row.kind === "control" && valueOf(row, metric.id) !== undefined,
  );
  const measured = names.flatMap((name) => {
    const row = scenario.rows.find(({ contender }) => contender === name);
    return (row && ofRow(scenario, metric, row, control)) ?? [];
  });
  const worse = (a: Measurement, b: Measurement): boolean =>
    metric.better === "higher" ? a.value < b.value : a.value > b.value;
  return measured.reduce<Measurement | undefined>(
    (worst, one) => (worst === undefined || worse(one, worst) ? one : worst),
    undefined,
  );
}

function ofRow(
  scenario: ScenarioResult,
  metric: MetricDefinition,
  row: Row,
  control: Row | undefined,
): Measurement | undefined {
  const value = valueOf(row, metric.id);
  if (value === undefined) return undefined;
  const ref = ({ contender }: Row): Ref => ({
    kind: "figure",
    scenario: scenario.name,
    contender,
    metric: metric.id,
  });
  if (metric.unit === "×") return { value, unit: metric.unit, ratio: value, refs: [ref(row)] };
  const base = control && valueOf(control, metric.id);
  if (!control || base === undefined || base <= 0 || value <= 0)
    return { value, unit: metric.unit, ratio: undefined, refs: [ref(row)] };
  const ratio = metric.better === "higher" ? base / value : value / base;
  return { value, unit: metric.unit, ratio, refs: [ref(row), ref(control)] };
}

function valueOf(row: Row, metric: string): number | undefined {
  const value = row.invalid === undefined ? row.figures[metric]?.value : undefined;
  return value !== undefined && Number.isFinite(value) ? value : undefined;
}
