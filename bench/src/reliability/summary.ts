/** Summarizes how reliable one run of the benchmark was, and whether that is good enough. Pure. */
import { faults } from "../outcome.ts";
import type { Results } from "../results.ts";

/** One run of the command. */
export interface Ran {
  /** Beside a process that keeps a core busy. */
  readonly busy: boolean;
  /** Null: it was killed, as it took too long. */
  readonly code: number | null;
  /** From its start to its end. */
  readonly seconds: number;
  /** Undefined: it wrote none. */
  readonly results: Results | undefined;
}

/** The longest that a run may take where nothing runs beside it, in seconds. */
const LONGEST = 180;
/** Rows of a run that may be invalid. */
const INVALID = 1;

/** A run in figures. `wrong` is empty when the run was as it should be. */
export interface RunSummary {
  readonly lost: number;
  readonly invalid: readonly string[];
  readonly reruns: number;
  readonly leftOut: number;
  readonly wrong: readonly string[];
}

/** Sums up one run. */
export function summaryOf({ busy, code, seconds, results }: Ran): RunSummary {
  const scenarios = results?.scenarios ?? [];
  const rows = scenarios.flatMap((scenario) => scenario.rows.map((row) => ({ ...row, name: scenario.name })));
  const sum = (of: (row: (typeof rows)[number]) => number): number =>
    rows.reduce((total, row) => total + of(row), 0);
  const invalid = rows
    .filter((row) => row.invalid !== undefined)
    .map(({ name, contender, invalid: why }) => `${name}: ${contender}: invalid: ${why}`);
  return {
    lost: sum(({ lossless, account }) => (lossless ? (account?.lost ?? 0) : 0)),
    invalid,
    reruns: sum(({ reruns = 0 }) => reruns),
    leftOut: sum(({ leftOut = 0 }) => leftOut),
    wrong: [
      ...(code === 0 ? [] : [code === null ? "it took too long" : `exit code ${code}`]),
      ...(results ? faults(scenarios) : ["no results"]),
      ...(invalid.length > INVALID ? [`${invalid.length} rows are invalid`] : []),
      ...(!busy && seconds >= LONGEST ? [`${seconds.toFixed(0)} s are more than ${LONGEST}`] : []),
    ],
  };
}

/** The cells that {@link summaryCells} gives. */
export const SUMMARY_HEADS = "run beside exit seconds lost invalid reruns left-out".split(" ");

/** A run's line. */
export function summaryCells(number: number, ran: Ran, summary: RunSummary): string[] {
  const { lost, invalid, reruns, leftOut } = summary;
  const beside = ran.busy ? "busy" : "–";
  const figures = [lost, invalid.length, reruns, leftOut].map(String);
  return [String(number), beside, String(ran.code ?? "killed"), ran.seconds.toFixed(0), ...figures];
}
