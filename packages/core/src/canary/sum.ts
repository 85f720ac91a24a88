/** Adds the reports of many clients' canaries. */
import type { ErrorCode } from "../errors.ts";
import {
  type CanaryReport,
  emptyTally,
  reportOf,
  WIRE_COUNTS,
  type WireReport,
  type WireTally,
} from "./report.ts";

/** The findings of many canaries of the same two transports. */
export interface CanarySum
  extends Pick<CanaryReport, "both" | "uncompared" | "lag" | "unshadowed" | "primary" | "candidate"> {
  /** The number of canaries. */
  readonly canaries: number;
}

/**
 * Adds reports of the same two transports, in any order. Of each canary only the latest report
 * counts. Pass reports that came over a network through {@link readReport} first.
 */
export function sumReports(reports: Iterable<CanaryReport>): CanarySum {
  const latest = new Map<string, CanaryReport>();
  for (const report of reports) {
    const known = latest.get(report.id);
    if (!known || known.elapsed <= report.elapsed) latest.set(report.id, report);
  }
  const tally = emptyTally();
  const names = { primary: "", candidate: "" };
  for (const { both, unshadowed, lag, primary, candidate } of latest.values()) {
    tally.both += both;
    tally.unshadowed += unshadowed;
    tally.lag.merge(lag);
    add(tally.primary, primary);
    add(tally.candidate, candidate);
    names.primary ||= primary.name;
    names.candidate ||= candidate.name;
  }
  const about = { id: "", elapsed: 0, closed: false, window: 0 };
  const sum = reportOf(about, names, tally, { primary: 0, candidate: 0 });
  const { both, uncompared, lag, unshadowed, primary, candidate } = sum;
  return { canaries: latest.size, both, uncompared, lag, unshadowed, primary, candidate };
}

function add(tally: WireTally, report: WireReport): void {
  for (const key of WIRE_COUNTS) tally[key] += report[key];
  tally.connecting.merge(report.connecting);
  for (const [code, count] of Object.entries(report.causes) as [ErrorCode, number][])
    tally.causes[code] = (tally.causes[code] ?? 0) + count;
}
