/** What latency, many topics and the replay have in common: a workload in parts, over all contenders in turns, and a row for each. */
import { Drive, type DriveResult } from "../drive/drive.ts";
import { notificationAt } from "../drive/schedule.ts";
import { addHealth, isIll, LATE } from "../drive/sender.ts";
import { emptyRow, figureOf } from "../report/figures.ts";
import type { Figure, MetricDefinition, Row, Sample } from "../results.ts";
import type { Entrant, Stage } from "../scenario.ts";
import { type WorkloadSpec, workloadOf } from "../workload/spec.ts";
import { type Segment, segmentsOf, type Workload } from "../workload/workload.ts";

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

/** The clients' process is as busy as this share of a core: then it, and not the wire, may be what the latencies show. */
const CLIENT_BOUND = 0.85;

/** What is driven. */
export interface DrivenPlan {
  readonly spec: WorkloadSpec;
  /** Parts of the workload between which the contenders take turns. */
  readonly parts: number;
  /** Seconds that each contender's whole workload takes; undefined: as recorded. */
  readonly seconds?: number;
  /** Notifications at the beginning of the first part that are played but not measured. Default: none. */
  readonly warmUp?: number;
}

/** Drives every entrant through the workload in parts; the order is drawn anew for each part. */
export async function driveAll(name: string, plan: DrivenPlan, stage: Stage): Promise<Row[]> {
  const { entrants, random, progress } = stage;
  const workload = await workloadOf(plan.spec);
  const warmUp = plan.warmUp ?? 0;
  const parts = segmentsOf(workload, plan.parts, warmUp);
  const speed = plan.seconds === undefined ? 1 : dayLength(workload, parts) / (plan.seconds * 1_000);
  progress.begin(name, entrants.length * (parts.length + 1));
  const drives: Drive[] = [];
  const results = new Map<Drive, DriveResult[]>();
  try {
    for (const entrant of entrants) {
      progress.step(`connecting ${entrant.contender.name}`);
      const drive = await Drive.start(entrant, stage.pair(entrant), { spec: plan.spec });
      drives.push(drive);
      results.set(drive, []);
    }
    for (const drive of warmUp > 0 ? drives : []) await drive.play({ from: 0, to: warmUp, speed }, true);
    for (const [index, part] of parts.entries()) {
      for (const drive of random.shuffled(drives)) {
        progress.step(`${drive.entrant.contender.name}, part ${index + 1} of ${parts.length}`);
        results.get(drive)?.push(await drive.play({ ...part, speed }));
      }
    }
  } finally {
    await Promise.all(drives.map((drive) => drive.close()));
  }
  return drives.map((drive) => drivenRow(drive.entrant, results.get(drive) ?? [], stage));
}

/** One contender's row over all its parts. */
export function drivenRow(
  entrant: Entrant,
  results: readonly DriveResult[],
  { random }: Pick<Stage, "random">,
): Row {
  const row = emptyRow(entrant);
  const last = results.at(-1);
  if (!last) return { ...row, troubles: ["it was never driven"] };
  const health = results.map((result) => result.health).reduce(addHealth);
  const busy =
    sum(results, ({ report }) => report.cpu) / 1_000 / sum(results, ({ report }) => report.duration);
  // The account grows over all parts, so a part's own deliveries are the difference.
  const delivered = results.map(({ report }, index) => {
    return report.account.delivered - (results[index - 1]?.report.account.delivered ?? 0);
  });
  const samples = (pick: (result: DriveResult, delivered: number) => number): Sample[] =>
    results
      .map((result, index) => ({ round: index + 1, value: pick(result, delivered[index] ?? 0) }))
      .filter(({ value }) => Number.isFinite(value));
  const figures: Record<string, Figure | undefined> = {
    p50: figureOf(
      samples(({ report }) => report.latency.p50),
      random,
    ),
    p99: figureOf(
      samples(({ report }) => report.latency.p99),
      random,
    ),
    "p99.9": figureOf(
      samples(({ report }) => report.latency.p999),
      random,
    ),
    rate: figureOf(
      samples(({ notifications, report }) => (notifications * 1_000) / report.duration),
      random,
    ),
    "server-cpu": figureOf(
      samples(({ server }, count) => server.cpu / count),
      random,
    ),
    "client-cpu": figureOf(
      samples(({ report }, count) => report.cpu / count),
      random,
    ),
    "wire-bytes": figureOf(
      samples(({ server }, count) => server.bytes / count),
      random,
    ),
    late: { value: health.late, samples: samples((result) => result.health.late) },
  };
  return {
    ...row,
    caveats: [...row.caveats, ...(busy > CLIENT_BOUND ? ["client-bound"] : [])],
    account: last.report.account,
    invalid: isIll(health)
      ? `the sender was ill: ${health.late} of ${health.sent} sends more than ${LATE} ms late`
      : undefined,
    troubles: [
      ...last.report.troubles,
      ...(last.failures > 0 ? [`${last.failures} publishes failed`] : []),
      ...(last.report.account.stray > 0
        ? [`${last.report.account.stray} delivered to somebody who was not due them`]
        : []),
    ],
    figures: Object.fromEntries(Object.entries(figures).filter(([, figure]) => figure)) as Record<
      string,
      Figure
    >,
    curves: [{ kind: "percentiles", points: last.report.percentiles }],
  };
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}

function dayLength(workload: Workload, parts: readonly Segment[]): number {
  let milliseconds = 0;
  for (const { from, to } of parts) {
    if (to > from) milliseconds += notificationAt(workload, to - 1).at - notificationAt(workload, from).at;
  }
  return Math.max(1, milliseconds);
}
