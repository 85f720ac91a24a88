/** What reconnect and reconnect-storm have in common: clients are cut off while publishing goes on, and how they become whole. */

import type { Recovery } from "../drive/client-half.ts";
import { Drive, type DriveResult } from "../drive/drive.ts";
import { hostNow, sleep } from "../measure/clock.ts";
import { quantile } from "../measure/stats.ts";
import { Network } from "../network/network.ts";
import { emptyRow, figureOf } from "../report/figures.ts";
import type { Figure, MetricDefinition, Row } from "../results.ts";
import type { Entrant, Stage } from "../scenario.ts";
import { notificationsOf, type SteadySpec } from "../workload/spec.ts";

/** The columns. */
export const OUTAGE_METRICS: readonly MetricDefinition[] = [
  { id: "whole-p50", label: "whole p50 ms", unit: "ms", better: "lower", digits: 0, compared: false },
  { id: "whole-p99", label: "p99 ms", unit: "ms", better: "lower", digits: 0, compared: false },
  { id: "never", label: "never", unit: "", better: "lower", digits: 0, compared: false },
  { id: "missed", label: "missed %", unit: "%", better: "lower", digits: 1, compared: false },
  { id: "server-cpu", label: "server µs", unit: "µs", better: "lower", digits: 1, compared: true },
];

/** One kind of outage. */
export interface OutagePlan {
  readonly spec: SteadySpec;
  /** Ways between clients and server; those of one way are cut together. */
  readonly ways: number;
  /** Milliseconds after the first notification at which a way is cut, for a number drawn from 0 to 1. */
  readonly cutAt: (chance: number) => number;
  /** Milliseconds for which nobody gets through. */
  readonly offline: number;
  readonly rounds: number;
  /** All contenders at the same time: where hardly anything is to do, they do not disturb each other, and suffer the same machine. */
  readonly together: boolean;
}

interface Outage {
  readonly result: DriveResult;
  readonly recoveries: readonly Recovery[];
}

/** Runs the outage over every entrant in turns; each round connects anew. */
export async function outages(name: string, plan: OutagePlan, stage: Stage): Promise<Row[]> {
  const { entrants, random, progress } = stage;
  const all = new Map<Entrant, Outage[]>();
  const network = await Network.start();
  progress.begin(name, entrants.length * plan.rounds);
  try {
    for (let round = 1; round <= plan.rounds; round += 1) {
      const play = async (entrant: Entrant): Promise<void> => {
        progress.step(`${entrant.contender.name}, outage ${round} of ${plan.rounds}`);
        const one = await outage(entrant, plan, network, stage);
        all.set(entrant, [...(all.get(entrant) ?? []), one]);
      };
      if (plan.together) await Promise.all(entrants.map(play));
      else for (const entrant of random.shuffled([...entrants])) await play(entrant);
    }
  } finally {
    await network.stop();
  }
  return entrants.map((entrant) => outageRow(entrant, all.get(entrant) ?? [], stage));
}

async function outage(entrant: Entrant, plan: OutagePlan, network: Network, stage: Stage): Promise<Outage> {
  const { random } = stage;
  let ports: readonly number[] = [];
  const via = async (port: number): Promise<readonly number[]> => {
    ports = await network.ways(port, plan.ways, random.between(1, 1e9));
    return ports;
  };
  const drive = await Drive.start(entrant, stage.pair(entrant), { spec: plan.spec, comesBack: true, via });
  try {
    const cuts = ports.map(async (port, way) => {
      await sleep(plan.cutAt(random.next()));
      await network.cut([port]);
      // A little later than the cut: nothing that was on its way counts as a recovery.
      await drive.watch(way, hostNow());
      await sleep(plan.offline);
      await network.restore([port]);
    });
    const [result] = await Promise.all([
      drive.play({ from: 0, to: notificationsOf(plan.spec), speed: 1 }),
      ...cuts,
    ]);
    return { result, recoveries: await drive.recoveries() };
  } finally {
    await drive.close();
  }
}

/** One contender's row over all its rounds. */
export function outageRow(
  entrant: Entrant,
  rounds: readonly Outage[],
  { random }: Pick<Stage, "random">,
): Row {
  const row = emptyRow(entrant);
  const accounts = rounds.map(({ result }) => result.report.account);
  const sum = (key: keyof (typeof accounts)[number]): number =>
    accounts.reduce((total, account) => total + account[key], 0);
  const figure = (pick: (round: Outage) => number): Figure | undefined =>
    figureOf(
      rounds
        .map((round, index) => ({ round: index + 1, value: pick(round) }))
        .filter(({ value }) => Number.isFinite(value)),
      random,
    );
  const times = (recoveries: readonly Recovery[]): number[] =>
    recoveries.map(({ milliseconds }) => milliseconds).filter((one) => one !== undefined);
  const figures: Record<string, Figure | undefined> = {
    "whole-p50": figure(({ recoveries }) => quantile(times(recoveries), 0.5)),
    "whole-p99": figure(({ recoveries }) => quantile(times(recoveries), 0.99)),
    never: figure(({ recoveries }) => recoveries.length - times(recoveries).length),
    missed: figure(({ result }) => (result.report.account.lost * 100) / result.report.account.expected),
    "server-cpu": figure(({ result }) => result.server.cpu / result.report.account.delivered),
  };
  const { recovers } = entrant.contender;
  const troubles = rounds.flatMap(({ result }) => [
    ...result.report.troubles,
    ...(result.failures > 0 ? [`${result.failures} publishes failed`] : []),
  ]);
  return {
    ...row,
    account: {
      expected: sum("expected"),
      delivered: sum("delivered"),
      lost: sum("lost"),
      doubled: sum("doubled"),
      disordered: sum("disordered"),
      stray: sum("stray"),
    },
    lossless: recovers,
    troubles: [...new Set(troubles)].slice(0, 5),
    figures: Object.fromEntries(
      Object.entries(figures).filter((entry): entry is [string, Figure] => entry[1] !== undefined),
    ),
    curves: [{ kind: "recovery", points: recoveryCurve(rounds.flatMap(({ recoveries }) => recoveries)) }],
  };
}

/** The share of clients that were whole so many milliseconds after their cut. */
export function recoveryCurve(recoveries: readonly Recovery[]): (readonly [number, number])[] {
  const times = recoveries
    .map(({ milliseconds }) => milliseconds)
    .filter((one) => one !== undefined)
    .toSorted((a, b) => a - b);
  return [[0, 0] as const, ...times.map((time, index) => [time, (index + 1) / recoveries.length] as const)];
}
