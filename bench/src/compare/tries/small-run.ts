/** A run that takes seconds: the fan-out alone, smaller, over whatever entrants. */
import { seededRandom } from "../../measure/random.ts";
import { loadContender } from "../../registry.ts";
import { fingerprint } from "../../report/fingerprint.ts";
import { type MetricDefinition, RESULTS_VERSION, type Results } from "../../results.ts";
import type { Entrant } from "../../scenario.ts";
import { BURSTS, type FanOutPlan, fanOut, placesOf } from "../../scenarios/fan-out/fan-out.ts";
import { fanOutRow } from "../../scenarios/fan-out/scenario.ts";
import { Pairs } from "../../stage.ts";
import { WORKOUT_DAY } from "../../workload/workload.ts";

/**
 * The plan of one try. On a busy machine 24 rounds and 3 starts found every slow-down, but left one
 * in four pairs of equal runs undecided; hence more of both.
 */
export const PLAN: FanOutPlan = {
  subscribers: 300,
  rounds: 60,
  starts: 5,
  slices: { 1: { leadIn: 8, ticks: 40, every: 1 }, 8: { leadIn: 2, ticks: 12, every: 1 } },
};

const METRICS: readonly MetricDefinition[] = BURSTS.map((burst) => ({
  id: `server-cpu-${burst}`,
  label: `server µs (${burst}/tick)`,
  unit: "µs",
  better: "lower",
  digits: 2,
  compared: true,
}));

/** The contender in a file of this package, given beside this file. */
export async function entrant(file: string): Promise<Entrant> {
  const module = new URL(file, import.meta.url).href;
  return { module, contender: await loadContender(module) };
}

/** Measurements side by side, of which any part can be looked at as a run of its own. */
export interface SmallRun {
  /** Results as if only these had taken part; the control belongs to them. */
  of(entrants: readonly Entrant[]): Results;
}

/** Runs once. The processes are this run's own. */
export async function smallRun(entrants: readonly Entrant[], seed: number): Promise<SmallRun> {
  const began = new Date();
  const print = fingerprint(seed);
  const { pair, freshPair, freshServer, network } = new Pairs();
  const places = placesOf(entrants);
  const results = await fanOut(PLAN, places, {
    entrants,
    profile: "quick",
    rounds: undefined,
    workload: WORKOUT_DAY,
    cpuProfile: undefined,
    random: seededRandom(seed),
    progress: { begin() {}, step() {}, end() {} },
    pair,
    freshPair,
    freshServer,
    network,
  });
  const rows = places.flatMap((place, index) => {
    const result = results[index];
    return result ? [{ entrant: place.entrant, row: fanOutRow(place, result, []) }] : [];
  });
  const seconds = (Date.now() - began.getTime()) / 1_000;
  return {
    of: (chosen) => ({
      version: RESULTS_VERSION,
      startedAt: began.toISOString(),
      seconds,
      profile: "quick",
      fingerprint: print,
      scenarios: [
        {
          name: "fan-out",
          title: "Fan-out",
          setup: `${PLAN.subscribers} subscribers, ${PLAN.rounds} rounds, ${PLAN.starts} starts of the processes`,
          metrics: METRICS,
          rows: rows.filter(({ entrant: of }) => chosen.includes(of)).map(({ row }) => row),
          verdicts: [],
          notes: [],
        },
      ],
    }),
  };
}
