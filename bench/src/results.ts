/**
 * `results.json`, version 1: everything that one run has measured, in one shape for every scenario,
 * so that tables, reports, comparisons and decisions need to know none of them. Plain JSON; fields
 * may be added, and a change of meaning is another version.
 */

import type { Account } from "./measure/ledger.ts";
import type { ContenderKind } from "./names.ts";
import type { Fingerprint } from "./report/fingerprint.ts";

/** The version that this program writes, and the only one it reads. */
export const RESULTS_VERSION = 1;

/** One run. */
export interface Results {
  readonly version: typeof RESULTS_VERSION;
  /** When it began, ISO 8601 in UTC. */
  readonly startedAt: string;
  /** How long it took. */
  readonly seconds: number;
  /** `quick` is for a look and a first decision, `full` for figures that are quoted. */
  readonly profile: "quick" | "full";
  readonly fingerprint: Fingerprint;
  readonly scenarios: readonly ScenarioResult[];
}

/** One scenario over all contenders. */
export interface ScenarioResult {
  /** As on the command line: `fan-out`. */
  readonly name: string;
  /** One line for people: `Fan-out: what a delivery costs the server`. */
  readonly title: string;
  /**
   * The setup with its numbers: `1,000 subscribers, 128 B of data, one per tick and bursts of 8;
   * loopback.`
   */
  readonly setup: string;
  /** The metrics, in the order of the table's columns. */
  readonly metrics: readonly MetricDefinition[];
  readonly rows: readonly Row[];
  /** The project's bars, judged in this run. Empty where there are none. */
  readonly verdicts: readonly Verdict[];
  /** Notes on the whole: a disturbed machine, a control that differed from itself. */
  readonly notes: readonly string[];
}

/** One column. */
export interface MetricDefinition {
  /** Unique in its scenario and the same in every run: `server-cpu`, `p99`. */
  readonly id: string;
  /** The head of the column, with its unit where that is short: `server µs`. */
  readonly label: string;
  readonly unit: "µs" | "ms" | "s" | "B" | "KiB" | "1/s" | "×" | "%" | "";
  readonly better: "lower" | "higher" | "neither";
  /** Digits after the point in tables. */
  readonly digits: number;
  /**
   * Whether `compare` judges it: only where its samples pair with the control's of the same round.
   */
  readonly compared: boolean;
}

/** One contender in one scenario. */
export interface Row {
  readonly contender: string;
  readonly kind: ContenderKind;
  /**
   * Remarks beside the name wherever it is shown: `emulator`, `loopback`, `client-bound`, `A/A`.
   */
  readonly caveats: readonly string[];
  /** Deliveries that were due and that came; undefined where the scenario delivers nothing. */
  readonly account: Account | undefined;
  /**
   * Whether a loss here fails the run: not where a bare library that promises no recovery is cut
   * off.
   */
  readonly lossless: boolean;
  /** Why the figures are worth nothing: `the sender was late`. Undefined: they count. */
  readonly invalid: string | undefined;
  /**
   * Slices that were run again because the sender fell behind; their figures are in none, their
   * account is. Absent: none.
   */
  readonly reruns?: number;
  /** Slices whose sender fell behind every time; they are in no figure either. Absent: none. */
  readonly leftOut?: number;
  /** Failures in words; any of them fails the run. */
  readonly troubles: readonly string[];
  /** By the id of the metric; absent where the contender has none. */
  readonly figures: Readonly<Record<string, Figure>>;
  readonly curves: readonly Curve[];
}

/** One figure with everything it came from. */
export interface Figure {
  /** The median of the samples, or the one value there is. */
  readonly value: number;
  /** The interval of 95 % by bootstrap; absent where there is one sample. */
  readonly low?: number;
  readonly high?: number;
  readonly samples: readonly Sample[];
}

/** One measurement. Samples of two contenders with the same round were taken next to each other. */
export interface Sample {
  readonly round: number;
  readonly value: number;
}

/** Points to draw: each metric has its axes. */
export interface Curve {
  /**
   * `percentiles`: x is a percentile from 0 to 100, y milliseconds; percentile plot and CDF are
   * drawn from it. `knee`: x is the offered rate per second, y the p99 in milliseconds. `recovery`:
   * x is milliseconds since the cut, y the share of clients that are whole, 0 to 1.
   */
  readonly kind: "percentiles" | "knee" | "recovery";
  readonly points: readonly (readonly [x: number, y: number])[];
}

/**
 * Whether a bar holds. `undecided`: by as much as the control differed from itself, it may be
 * either.
 */
export interface Verdict {
  readonly text: string;
  readonly outcome: "holds" | "missed" | "undecided";
}
