/** The leaders among the transports, and those that the figures do not tell from the next. */
import type { Figure, MetricDefinition, Results, Row, ScenarioResult } from "../results.ts";
import { failsTheRun, nameText, validFigure, withUnit } from "./row-text.ts";

/**
 * How far a figure may be off that was taken once: as far as the control may differ from itself in
 * a good run.
 */
const ALONE = 0.05;

/** The leader at one metric of one scenario, among Bellwire's transports. */
export interface Lead {
  readonly scenario: ScenarioResult;
  readonly metric: MetricDefinition;
  /**
   * The best, and those whose intervals reach its interval: they cannot be told apart. In the
   * table's order.
   */
  readonly leaders: readonly Row[];
  /** Whether these are all wires that there are, so that nobody leads. */
  readonly even: boolean;
  /** The best figure with its unit. */
  readonly figure: string;
  /** The first control's name and figure; undefined where no control was measured. */
  readonly control: { readonly name: string; readonly figure: string } | undefined;
}

/**
 * Everything somebody can lead at, in the order of the tables. Metrics with fewer than two wires
 * have no lead; a row that fails the run leads nothing.
 */
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
  const bestReach = reach(best.figure);
  const leaders = wires
    .filter(({ figure }) => {
      const { low, high } = reach(figure);
      return low <= bestReach.high && high >= bestReach.low;
    })
    .map(({ row }) => row);
  const control = scenario.rows.find((row) => row.kind === "control" && validFigure(row, metric));
  const figure = control && validFigure(control, metric);
  return {
    scenario,
    metric,
    leaders,
    even: leaders.length === wires.length,
    figure: withUnit(best.figure, metric),
    control: control && figure && { name: nameText(control), figure: withUnit(figure, metric) },
  };
}

/** The range of a figure. A figure without an interval is taken to be off by {@link ALONE}. */
function reach({ value, low, high }: Figure): { readonly low: number; readonly high: number } {
  if (low !== undefined && high !== undefined) return { low, high };
  const off = Math.abs(value) * ALONE;
  return { low: value - off, high: value + off };
}
