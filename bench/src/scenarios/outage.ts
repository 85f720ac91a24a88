/**
 * The common part of reconnect and reconnect-storm: clients are cut off while publishing goes on,
 * and become whole again.
 */

import type { Recovery } from "../drive/client-half.ts";
import { Drive, type DriveResult } from "../drive/drive.ts";
import { hostNow, sleep } from "../measure/clock.ts";
import { sumOf } from "../measure/ledger.ts";
import { quantile } from "../measure/stats.ts";
import type { Network } from "../network/network.ts";
import { type Columns, emptyRow, figuresOf } from "../report/figures.ts";
import type { MetricDefinition, Row } from "../results.ts";
import type { Entrant, Stage } from "../scenario.ts";
import { notificationsOf, type SteadySpec } from "../workload/spec.ts";
import { driveTroubles } from "./driven-row.ts";

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
  /**
   * Milliseconds after the first notification at which a way is cut, for a number drawn from 0 to
   * 1.
   */
  readonly cutAt: (chance: number) => number;
  /** Milliseconds for which nobody gets through. */
  readonly offline: number;
  readonly rounds: number;
  /**
   * All contenders at the same time: where hardly anything is to do, they do not disturb each
   * other, and suffer the same machine.
   */
  readonly together: boolean;
}

interface Outage {
  readonly result: DriveResult;
  readonly recoveries: readonly Recovery[];
}

const COLUMNS: Columns<Outage> = {
  "whole-p50": ({ recoveries }) => quantile(timesOf(recoveries), 0.5),
  "whole-p99": ({ recoveries }) => quantile(timesOf(recoveries), 0.99),
  never: ({ recoveries }) => recoveries.length - timesOf(recoveries).length,
  missed: ({ result }) => (result.report.account.lost * 100) / result.report.account.expected,
  "server-cpu": ({ result }) => result.server.cpu / result.report.account.delivered,
};

function timesOf(recoveries: readonly Recovery[]): number[] {
  return recoveries.map(({ milliseconds }) => milliseconds).filter((one) => one !== undefined);
}

/** Runs the outage over every entrant in turns; each round connects anew. */
export async function outages(name: string, plan: OutagePlan, stage: Stage): Promise<Row[]> {
  const { entrants, random, progress } = stage;
  const all = new Map<Entrant, Outage[]>();
  const network = await stage.network();
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
    await network.close();
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
  const { recovers } = entrant.contender;
  return {
    ...row,
    account: sumOf(rounds.map(({ result }) => result.report.account)),
    lossless: recovers,
    troubles: [...new Set(rounds.flatMap(({ result }) => driveTroubles(result)))].slice(0, 5),
    figures: figuresOf(COLUMNS, rounds, random),
    curves: [{ kind: "recovery", points: recoveryCurve(rounds.flatMap(({ recoveries }) => recoveries)) }],
  };
}

/** The share of clients that were whole so many milliseconds after their cut. */
export function recoveryCurve(recoveries: readonly Recovery[]): (readonly [number, number])[] {
  const times = timesOf(recoveries).toSorted((a, b) => a - b);
  return [[0, 0] as const, ...times.map((time, index) => [time, (index + 1) / recoveries.length] as const)];
}
