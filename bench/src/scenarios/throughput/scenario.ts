/**
 * `throughput`: how many notifications to single persons a second, before the latency objective
 * breaks.
 */
import type { Drive } from "../../drive/drive.ts";
import { type Columns, emptyRow, figuresOf, rerunNotes } from "../../report/figures.ts";
import type { MetricDefinition, Row } from "../../results.ts";
import type { Entrant, Scenario, Stage } from "../../scenario.ts";
import type { SteadySpec } from "../../workload/spec.ts";
import { startDrives } from "../driven.ts";
import { driveTroubles, isClientBound } from "../driven-row.ts";
import { Climb, type ClimbPlan } from "./climb.ts";

/** Notifications per second of the workload as it is written; rates are multiples of it. */
const BASE = 1_000;

interface ThroughputPlan extends ClimbPlan {
  /** Climbs of each contender; each is a round. */
  readonly climbs: number;
}

const SEARCH = { first: 8_000, least: 125, most: 128_000 } as const;
const PLANS: Readonly<Record<"quick" | "full", ThroughputPlan>> = {
  quick: { ...SEARCH, precision: 2, seconds: 0.25, objective: 50, climbs: 1 },
  full: { ...SEARCH, precision: 1.1, seconds: 1, objective: 100, climbs: 5 },
};

/** Rates that one climb is likely to try, for the progress and the length of the workload. */
const STEPS = 8;

const METRICS: readonly MetricDefinition[] = [
  { id: "knee", label: "notif/s", unit: "1/s", better: "higher", digits: 0, compared: true },
  { id: "p99", label: "p99 ms", unit: "ms", better: "lower", digits: 1, compared: false },
  { id: "server-cpu", label: "server µs", unit: "µs", better: "lower", digits: 1, compared: true },
  { id: "client-cpu", label: "client µs", unit: "µs", better: "lower", digits: 1, compared: false },
];

const COLUMNS: Columns<Climb> = {
  knee: ({ knee }) => knee?.rate,
  p99: ({ knee }) => knee?.result.report.latency.p99,
  "server-cpu": ({ knee }) => knee && knee.result.server.cpu / knee.result.report.delivered,
  "client-cpu": ({ knee }) => knee && knee.result.report.cpu / knee.result.report.delivered,
};

export const throughput: Scenario = {
  name: "throughput",
  seconds: { quick: 16, full: 600 },
  takesPart: () => true,
  async run(stage) {
    const base = PLANS[stage.profile];
    const plan = { ...base, climbs: stage.rounds ?? base.climbs };
    const spec = specOf(plan);
    const rows = await climbAll(plan, spec, stage);
    return {
      name: "throughput",
      title: "Throughput: notifications to single users, before latency exceeds the objective",
      setup:
        `${spec.subscribers} subscribers with a topic each, ${spec.bytes} B, rates offered for ${plan.seconds} s each in an open loop, loopback. ` +
        `The figure is the highest rate at which nothing was lost and the p99 stayed within ${plan.objective} ms; p99 and CPU are there.`,
      metrics: METRICS,
      rows,
      verdicts: [],
      notes: rerunNotes(rows),
    };
  },
};

function specOf({ climbs, most, seconds }: ThroughputPlan): SteadySpec {
  // Some climbs come to the highest rates there are; those further up than this ends, end there.
  const notifications = climbs * STEPS * Math.min(most, 40_000) * seconds;
  const shape = { kind: "steady", topics: 40, subscribers: 40, topicsEach: 1, bytes: 128 } as const;
  return { ...shape, rate: BASE, seconds: notifications / BASE };
}

async function climbAll(plan: ThroughputPlan, spec: SteadySpec, stage: Stage): Promise<Row[]> {
  const { entrants, random, progress } = stage;
  progress.begin("throughput", 1 + entrants.length * plan.climbs * STEPS);
  progress.step("connecting");
  const drives = await startDrives(stage, { spec, comesBack: true });
  const climbs = new Map<Drive, Climb[]>(drives.map((drive) => [drive, []]));
  const places = new Map<Drive, number>();
  const end = spec.rate * spec.seconds;
  try {
    for (let round = 1; round <= plan.climbs; round += 1) {
      let climbing = drives.map((drive) => ({ drive, climb: new Climb(drive, plan, BASE) }));
      for (const { drive, climb } of climbing) climbs.get(drive)?.push(climb);
      while (climbing.length > 0) {
        for (const { drive, climb } of random.shuffled(climbing)) {
          const rate = climb.next;
          const from = places.get(drive) ?? 0;
          if (rate === undefined || from + Math.ceil(rate * plan.seconds) > end) {
            climbing = climbing.filter((one) => one.climb !== climb);
            continue;
          }
          progress.step(`${drive.entrant.contender.name}, ${rate} per second`);
          places.set(drive, await climb.offer(rate, from));
        }
      }
    }
  } finally {
    await Promise.all(drives.map((drive) => drive.close()));
  }
  return drives.map((drive) => throughputRow(drive.entrant, climbs.get(drive) ?? [], stage));
}

/** A contender's row over its climbs; the first is round 1. */
export function throughputRow(
  entrant: Entrant,
  climbs: readonly Climb[],
  { random }: Pick<Stage, "random">,
): Row {
  const row = emptyRow(entrant);
  const last = climbs.at(-1)?.steps.at(-1)?.result;
  const broken = climbs.flatMap((climb) => climb.broken ?? []);
  const bound = broken.length > 0 && isClientBound(broken.map(({ result }) => result));
  return {
    ...row,
    caveats: [...row.caveats, ...(bound ? ["client-bound"] : [])],
    account: last?.report.account,
    lossless: entrant.contender.recovers,
    invalid: whyInvalid(climbs),
    reruns: climbs.reduce((sum, { reruns }) => sum + reruns, 0),
    troubles: last ? driveTroubles(last) : ["it was never driven"],
    figures: figuresOf(COLUMNS, climbs, random),
    curves: [{ kind: "knee", points: kneeCurve(climbs) }],
  };
}

function whyInvalid(climbs: readonly Climb[]): string | undefined {
  if (climbs.some(({ wasDisturbed }) => wasDisturbed))
    return "the generator was held up while server and clients had CPU time left";
  if (climbs.every(({ knee }) => knee === undefined)) return "no rate held, not even the lowest";
  return undefined;
}

/** Each rate with the p99 of its last attempt, by rate. */
function kneeCurve(climbs: readonly Climb[]): [number, number][] {
  const steps = climbs.flatMap((climb) => climb.steps).filter(({ result }) => result.report.delivered > 0);
  const points = new Map(steps.map(({ rate, result }) => [rate, result.report.latency.p99]));
  return [...points].toSorted(([a], [b]) => a - b);
}
