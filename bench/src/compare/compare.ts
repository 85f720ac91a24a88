/** Compares two runs: what changed, what did not, and what cannot be told. Pure. */
import type { Fingerprint } from "../report/fingerprint.ts";
import type { MetricDefinition, Results, Row, ScenarioResult } from "../results.ts";
import { type Change, changeBetween, isRestless, type LogRatios, logRatios, unrest } from "./change.ts";
import { obstacles, warnings } from "./comparable.ts";
import { type DeliveryFault, deliveryFaults } from "./delivery.ts";
import { doubtOf, type Outcome, withHolm } from "./judge.ts";

/** The threshold for a change. */
export interface CompareOptions {
  /**
   * The smallest change that counts, as a share: 0.1 is from 1.1 times up and from 1 / 1.1 down.
   */
  readonly threshold: number;
}

/** A run, as far as the reader of a comparison has to know it. */
export interface RunName {
  readonly startedAt: string;
  readonly fingerprint: Fingerprint;
}

/** One figure in both runs. */
export interface MetricChange {
  readonly scenario: string;
  readonly contender: string;
  /** The metric's id and label. */
  readonly metric: string;
  readonly label: string;
  readonly outcome: Outcome;
  /** How many times as much the second run has, relative to the control. */
  readonly factor: { readonly estimate: number; readonly low: number; readonly high: number };
  /**
   * How likely chance alone makes this of no change, already multiplied for the number of
   * comparisons.
   */
  readonly chance: number | undefined;
  /** Why it is undecided. */
  readonly reason: string | undefined;
}

/**
 * A figure of the control itself. It is shown, not judged: it changes with the machine from minute
 * to minute.
 */
export interface ControlFigure {
  readonly scenario: string;
  readonly contender: string;
  readonly label: string;
  readonly unit: MetricDefinition["unit"];
  readonly digits: number;
  readonly a: number;
  readonly b: number;
}

/** A figure of which too few rounds were measured to say anything. */
export type Unjudged = Pick<MetricChange, "scenario" | "contender" | "metric" | "label">;

/** Everything there is to say about two runs. Plain JSON. */
export interface Comparison {
  readonly a: RunName;
  readonly b: RunName;
  readonly threshold: number;
  /**
   * `regression` where any figure or delivery got worse, else `undecided` where any is or none was
   * judged, else `no change`; improvements are no fault.
   */
  readonly outcome: Outcome;
  readonly changes: readonly MetricChange[];
  readonly unjudged: readonly Unjudged[];
  readonly deliveries: readonly DeliveryFault[];
  readonly controls: readonly ControlFigure[];
  readonly warnings: readonly string[];
}

/** A figure before it is judged with the others. */
interface Candidate {
  readonly scenario: ScenarioResult;
  readonly metric: MetricDefinition;
  readonly row: Row;
  /** Undefined: too few rounds. */
  readonly change: Change | undefined;
  readonly doubt: number;
  readonly invalid: string | undefined;
}

/**
 * Compares a run with an earlier one, `a`. Throws a RangeError that says why when they cannot be
 * compared. Judged are the rows of our own code, `wire`; a floor or a bare library that changed did
 * so for another reason, which is warned of.
 */
export function compareResults(a: Results, b: Results, { threshold }: CompareOptions): Comparison {
  const reasons = obstacles(a, b);
  if (reasons.length > 0) throw new RangeError(`these runs cannot be compared. ${reasons.join(" ")}`);
  const pairs = a.scenarios.flatMap((scenario) => {
    const other = b.scenarios.find(({ name }) => name === scenario.name);
    return other ? [{ scenario, other }] : [];
  });
  const candidates = pairs.flatMap(({ scenario, other }) => candidatesOf(scenario, other));
  const ours = judged(
    candidates.filter(({ row }) => row.kind === "wire"),
    threshold,
  );
  const foreign = judged(
    candidates.filter(({ row }) => row.kind !== "wire"),
    threshold,
  );
  const deliveries = pairs.flatMap(({ scenario, other }) => deliveryFaults(scenario, other));
  return {
    a: { startedAt: a.startedAt, fingerprint: a.fingerprint },
    b: { startedAt: b.startedAt, fingerprint: b.fingerprint },
    threshold,
    outcome: overall(ours, deliveries),
    changes: ours,
    unjudged: candidates.filter(({ row, change }) => row.kind === "wire" && !change).map(nameOf),
    deliveries,
    controls: pairs.flatMap(({ scenario, other }) => controlFigures(scenario, other)),
    warnings: [
      ...warnings(a, b),
      ...pairs.flatMap(({ scenario, other }) => oneSided(scenario, other)),
      ...foreign.filter(changed).map(foreignText),
    ],
  };
}

function candidatesOf(scenario: ScenarioResult, other: ScenarioResult): Candidate[] {
  const metrics = scenario.metrics.filter(({ compared, better }) => compared && better !== "neither");
  const usual = { a: usualUnrest(scenario, metrics), b: usualUnrest(other, metrics) };
  return metrics.flatMap((metric) => {
    const doubt = Math.max(doubtOf(scenario.rows, metric.id), doubtOf(other.rows, metric.id));
    return scenario.rows.filter(isSubject).flatMap((row): Candidate[] => {
      const twin = other.rows.find(({ contender }) => contender === row.contender);
      if (!twin?.figures[metric.id] || !row.figures[metric.id]) return [];
      const [before, after] = [
        ratiosOf(row, scenario.rows, metric.id),
        ratiosOf(twin, other.rows, metric.id),
      ];
      const change = changeBetween(before, after, usual);
      return [{ scenario, metric, row, change, doubt, invalid: row.invalid ?? twin.invalid }];
    });
  });
}

function isSubject({ kind }: Row): boolean {
  return kind !== "control";
}

/**
 * How much groups of rounds differ beyond what rounds explain, over all contenders and figures of
 * one run.
 */
function usualUnrest({ rows }: ScenarioResult, metrics: readonly MetricDefinition[]): number {
  const all = metrics.flatMap(({ id }) =>
    rows
      .filter(isSubject)
      .map((row) => ratiosOf(row, rows, id))
      .filter(isRestless)
      .map(unrest),
  );
  return all.length > 0 ? all.reduce((sum, one) => sum + one, 0) / all.length : 1;
}

function ratiosOf(row: Row, rows: readonly Row[], metric: string): LogRatios {
  const controls = rows.filter(({ kind }) => kind === "control");
  return logRatios(
    row.figures[metric]?.samples ?? [],
    controls.map(({ figures }) => figures[metric]?.samples ?? []),
  );
}

function judged(candidates: readonly Candidate[], threshold: number): MetricChange[] {
  const cases = candidates.flatMap((candidate) => {
    const { change, metric, doubt, invalid } = candidate;
    const worse = metric.better === "lower" ? 1 : -1;
    return change ? [{ candidate, change, invalid, worse, doubt } as const] : [];
  });
  const outcomes = withHolm(cases, Math.log1p(threshold));
  return cases.map(({ candidate, change: { estimate, low, high } }, index) => ({
    ...nameOf(candidate),
    factor: { estimate: Math.exp(estimate), low: Math.exp(low), high: Math.exp(high) },
    ...(outcomes[index] as (typeof outcomes)[number]),
  }));
}

function nameOf({ scenario, metric, row }: Candidate): Unjudged {
  return { scenario: scenario.name, contender: row.contender, metric: metric.id, label: metric.label };
}

function overall(changes: readonly MetricChange[], deliveries: readonly DeliveryFault[]): Outcome {
  const has = (outcome: Outcome): boolean => changes.some((change) => change.outcome === outcome);
  if (has("regression") || deliveries.some(({ regression }) => regression)) return "regression";
  if (has("undecided") || changes.length === 0) return "undecided";
  return has("improvement") ? "improvement" : "no change";
}

function changed({ outcome }: MetricChange): boolean {
  return outcome === "regression" || outcome === "improvement";
}

function foreignText({ scenario, contender, label, factor }: MetricChange): string {
  const times = factor.estimate.toFixed(2);
  return `${scenario}: ${contender}, which is not Bellwire's code, has ${times} times ${label}: something else changed`;
}

function oneSided(scenario: ScenarioResult, other: ScenarioResult): string[] {
  const lacks = (from: ScenarioResult, to: ScenarioResult, run: string): string[] =>
    from.rows
      .filter(({ contender }) => !to.rows.some((row) => row.contender === contender))
      .map(({ contender }) => `${scenario.name}: only the ${run} run has ${contender}`);
  return [...lacks(scenario, other, "first"), ...lacks(other, scenario, "second")];
}

function controlFigures(scenario: ScenarioResult, other: ScenarioResult): ControlFigure[] {
  const controls = scenario.rows.filter(
    ({ kind, caveats }) => kind === "control" && !caveats.includes("A/A"),
  );
  return controls.flatMap(({ contender, figures }) => {
    const twin = other.rows.find((row) => row.contender === contender);
    return scenario.metrics.flatMap(({ id, label, unit, digits, compared }) => {
      const [before, after] = [figures[id], twin?.figures[id]];
      if (!compared || !before || !after) return [];
      return [{ scenario: scenario.name, contender, label, unit, digits, a: before.value, b: after.value }];
    });
  });
}
