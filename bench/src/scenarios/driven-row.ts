/**
 * From what drives gave to a row: the columns that all driven scenarios share, and what has to be
 * said about them.
 */
import type { DriveResult } from "../drive/drive.ts";
import { countedOf, type Tried } from "../drive/reruns.ts";
import type { Random } from "../measure/random.ts";
import { type Columns, emptyRow, figuresOf } from "../report/figures.ts";
import type { MetricDefinition, Row } from "../results.ts";
import type { Entrant } from "../scenario.ts";

/** The columns of every scenario that is driven. */
export const DRIVEN_METRICS: readonly MetricDefinition[] = [
  { id: "p50", label: "p50 ms", unit: "ms", better: "lower", digits: 1, compared: false },
  { id: "p99", label: "p99 ms", unit: "ms", better: "lower", digits: 1, compared: false },
  { id: "p99.9", label: "p99.9 ms", unit: "ms", better: "lower", digits: 1, compared: false },
  { id: "rate", label: "notif/s", unit: "1/s", better: "neither", digits: 0, compared: false },
  { id: "server-cpu", label: "server µs", unit: "µs", better: "lower", digits: 1, compared: true },
  { id: "client-cpu", label: "client µs", unit: "µs", better: "lower", digits: 1, compared: false },
  { id: "wire-bytes", label: "wire B", unit: "B", better: "lower", digits: 0, compared: true },
  { id: "late", label: "late", unit: "", better: "lower", digits: 0, compared: false },
];

/**
 * The clients' process is as busy as this share of a core: then it, and not the wire, may be what
 * the latencies show.
 */
const CLIENT_BOUND = 0.85;

const COLUMNS: Columns<DriveResult> = {
  p50: ({ report }) => report.latency.p50,
  p99: ({ report }) => report.latency.p99,
  "p99.9": ({ report }) => report.latency.p999,
  rate: ({ notifications, report }) => (notifications * 1_000) / report.duration,
  "server-cpu": ({ server, report }) => server.cpu / report.delivered,
  "client-cpu": ({ report }) => report.cpu / report.delivered,
  "wire-bytes": ({ server, report }) => server.bytes / report.delivered,
  late: ({ health }) => health.late,
};

/** Whether the clients had no time left in these drives. */
export function isClientBound(results: readonly DriveResult[]): boolean {
  const cpu = sum(results, ({ report }) => report.cpu) / 1_000;
  return cpu / sum(results, ({ report }) => report.duration) > CLIENT_BOUND;
}

/** Failures of a drive that its account does not count, in words. */
export function driveTroubles({ report, failures }: DriveResult): string[] {
  return [...report.troubles, ...(failures > 0 ? [`${failures} publishes failed`] : [])];
}

/** One contender's row over all its parts; part 1 is round 1. */
export function drivenRow(entrant: Entrant, parts: readonly Tried<DriveResult>[], random: Random): Row {
  const row = emptyRow(entrant);
  const last = parts.at(-1)?.result;
  if (!last) return { ...row, troubles: ["it was never driven"] };
  const { slices, invalid } = countedOf(parts, ({ health }) => health);
  const results = slices.filter((slice) => slice !== undefined);
  const figures = figuresOf(COLUMNS, slices, random);
  return {
    ...row,
    caveats: [...row.caveats, ...(isClientBound(results) ? ["client-bound"] : [])],
    account: last.report.account,
    invalid,
    reruns: sum(parts, ({ reruns }) => reruns),
    leftOut: slices.length - results.length,
    troubles: driveTroubles(last),
    // Not a typical part's, but all that were late.
    figures: {
      ...figures,
      late: { value: sum(results, ({ health }) => health.late), samples: figures.late?.samples ?? [] },
    },
    curves: [{ kind: "percentiles", points: last.report.percentiles }],
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
