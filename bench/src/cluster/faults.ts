/** The same faults for a cluster of Bellwire and one of Socket.IO, in turns. */
import { quantile } from "../measure/stats.ts";
import { absencesOf, busiestSecond, clientTally, heardAgain, NOTHING, sumOf, type Tally } from "./account.ts";
import type { Library } from "./clients-half.ts";
import { Cluster, type Turn } from "./cluster.ts";
import type { Plan } from "./plan.ts";
import type { Run } from "./run.ts";

export const LIBRARIES: readonly Library[] = ["Bellwire", "Socket.IO"];

/** The faults, in their order: the third server takes part from the second on. */
export const FAULTS = ["server killed", "clients cut", "engine restarted", "rolling restart"] as const;
export type Fault = (typeof FAULTS)[number];

/** Milliseconds for which Redis is away. */
const DOWNTIME = 500;
/** Milliseconds for servers to find Redis again. */
const ENGINE_BACK = 4_000;

/** The effect of one fault on one library, over all its turns. */
export interface Effect {
  readonly fault: Fault;
  readonly library: Library;
  readonly turns: number;
  readonly tally: Tally;
  /** Milliseconds until a client was whole again, of each client that the fault hit. */
  readonly recovery: readonly number[];
  /** Clients that did not come back, or heard nothing more. */
  readonly never: number;
  /** The busiest second of reconnects over the mean, of each rolling restart. */
  readonly busiest: readonly number[];
}

/** Lets every fault happen to both. */
export async function faultProgramme(run: Run): Promise<Effect[]> {
  const { clients } = run.plan.faults;
  const clusters: Cluster[] = [];
  try {
    for (const library of LIBRARIES) clusters.push(await Cluster.start(library, clients));
    return await allFaults(run, clusters);
  } finally {
    run.progress.end();
    await Promise.all(clusters.map((cluster) => cluster.stop()));
  }
}

async function allFaults({ plan, random, progress }: Run, clusters: readonly Cluster[]): Promise<Effect[]> {
  const effects: Effect[] = [];
  const times = FAULTS.map((fault) => timesOf(fault, plan));
  progress.begin("faults", times.reduce((sum, count) => sum + count, 0) * clusters.length);
  for (const [place, fault] of FAULTS.entries()) {
    const turns = new Map<Cluster, Effect[]>(clusters.map((cluster) => [cluster, []]));
    const count = times[place] ?? 0;
    for (let turn = 1; turn <= count; turn += 1) {
      const victim = random.between(0, 1);
      for (const cluster of random.shuffled(clusters)) {
        progress.step(`${fault}, ${cluster.library}, ${turn} of ${count}`);
        const seen = await cluster.turn(
          plan.faults.rate,
          () => happen(fault, cluster, plan, victim),
          fault === "engine restarted" ? ENGINE_BACK : undefined,
        );
        turns.get(cluster)?.push(effectOf(fault, cluster.library, seen));
      }
    }
    for (const cluster of clusters) {
      if (place === 0) cluster.growToThree();
      effects.push(joined(turns.get(cluster) ?? []));
    }
  }
  return effects;
}

function timesOf(fault: Fault, { faults }: Plan): number {
  const { killed, cut, restarted, rolled } = faults;
  return {
    "server killed": killed,
    "clients cut": cut,
    "engine restarted": restarted,
    "rolling restart": rolled,
  }[fault];
}

async function happen(fault: Fault, cluster: Cluster, plan: Plan, victim: number): Promise<void> {
  switch (fault) {
    case "server killed":
      return cluster.kill(victim);
    case "clients cut":
      return cluster.cut();
    case "engine restarted":
      return cluster.restartEngine(DOWNTIME);
    case "rolling restart":
      return cluster.roll(plan.faults.spread);
  }
}

function effectOf(fault: Fault, library: Library, turn: Turn): Effect {
  const { began, repaired, published, clients, away } = turn;
  const recovery: number[] = [];
  for (const log of clients) {
    if (fault === "engine restarted") recovery.push(heardAgain(log, published, repaired) - began);
    else {
      const absences = absencesOf(log, published);
      const last = absences.at(-1);
      if (fault === "rolling restart") recovery.push(...absences.map(({ lost, whole }) => whole - lost));
      else if (last) recovery.push(last.whole - began);
    }
  }
  const came = recovery.filter((time) => Number.isFinite(time));
  const back = clients.flatMap((log) => log.back);
  return {
    fault,
    library,
    turns: 1,
    tally: sumOf(clients.map((log) => clientTally(log, published))),
    recovery: came,
    never: recovery.length - came.length + away,
    busiest: fault === "rolling restart" && back.length > 0 ? [busiestSecond(back, began)] : [],
  };
}

function joined(effects: readonly Effect[]): Effect {
  const [first] = effects;
  if (!first) throw new Error("a fault that never happened");
  return {
    ...first,
    turns: effects.length,
    tally: sumOf(effects.map(({ tally }) => tally)),
    recovery: effects.flatMap(({ recovery }) => recovery),
    never: effects.reduce((sum, { never }) => sum + never, 0),
    busiest: effects.flatMap(({ busiest }) => busiest),
  };
}

/** The 99th percentile of the recovery, milliseconds; infinite when a client never was whole. */
export function recoveryP99({ recovery, never }: Effect): number {
  return never > 0 ? Number.POSITIVE_INFINITY : quantile(recovery, 0.99);
}

/** The effect of a fault, or nothing of it. */
export function effectFor(effects: readonly Effect[], fault: Fault, library: Library): Effect {
  const empty = { fault, library, turns: 0, tally: NOTHING, recovery: [], never: 0, busiest: [] };
  return effects.find((effect) => effect.fault === fault && effect.library === library) ?? empty;
}
