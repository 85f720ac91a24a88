/** `degraded-network`: the same workload over bad networks. */
import type { ConnectionFaults } from "@bellwire/core/conformance";
import type { Drive, DriveResult } from "../drive/drive.ts";
import { MOST_RERUNS } from "../drive/reruns.ts";
import { lateness, WELL } from "../drive/sender.ts";
import { sleep } from "../measure/clock.ts";
import { sumOf } from "../measure/ledger.ts";
import type { Network } from "../network/network.ts";
import { rerunNotes } from "../report/figures.ts";
import type { Row } from "../results.ts";
import type { Entrant, Scenario, Stage } from "../scenario.ts";
import { notificationsOf, type SteadySpec } from "../workload/spec.ts";
import { startDrives } from "./driven.ts";
import { DRIVEN_METRICS, drivenRow, driveTroubles } from "./driven-row.ts";

/** A bad network. */
interface BadNetwork {
  readonly name: string;
  readonly faults: ConnectionFaults;
  /**
   * Milliseconds at which every connection is cut, and for how long nobody gets through. Default:
   * never.
   */
  readonly cuts?: readonly { readonly at: number; readonly offline: number }[];
}

/**
 * `3g`: 1.6 Mbit/s down, 768 kbit/s up and 300 ms of round trip, as WebPageTest's profile "3G" has
 * it (https://docs.webpagetest.org/getting-started/). `train`: our own picture of a train through
 * the country, a slower line whose delay varies, and a tunnel.
 */
const NETWORKS: readonly BadNetwork[] = [
  {
    name: "3g",
    faults: { down: { latency: 150, bytesPerSecond: 200_000 }, up: { latency: 150, bytesPerSecond: 96_000 } },
  },
  {
    name: "train",
    faults: {
      down: { latency: 100, jitter: 150, bytesPerSecond: 100_000 },
      up: { latency: 100, jitter: 150, bytesPerSecond: 50_000 },
    },
    cuts: [{ at: 1_200, offline: 800 }],
  },
];

const SHAPE = { kind: "steady", topics: 4, subscribers: 8, topicsEach: 1, bytes: 128 } as const;
const PLANS: Record<"quick" | "full", SteadySpec> = {
  quick: { ...SHAPE, rate: 40, seconds: 3 },
  full: { ...SHAPE, rate: 100, seconds: 30 },
};

export const degradedNetwork: Scenario = {
  name: "degraded-network",
  takesPart: () => true,
  async run(stage) {
    const spec = PLANS[stage.profile];
    const { progress } = stage;
    const network = await stage.network();
    progress.begin("degraded-network", NETWORKS.length);
    const rows: Row[] = [];
    try {
      for (const bad of NETWORKS) {
        progress.step(`everybody on ${bad.name}`);
        // Nobody has much to do, so all share the time; a bad network is the same for all of them.
        rows.push(...(await rowsOn(bad, spec, network, stage)));
      }
    } finally {
      await network.close();
    }
    return {
      name: "degraded-network",
      title: "Degraded network: 3G, and a train with a tunnel",
      setup:
        `${spec.rate} notifications of ${spec.bytes} B per second to ${spec.subscribers} subscribers through a proxy in user space. 3g: 150 ms each way, ` +
        "1.6 Mbit/s down, 0.77 up. train: 100–250 ms each way, 0.8 Mbit/s down, 0.4 up, and a tunnel of 0.8 s. Latency from the intended send time, " +
        "so what was missed in the tunnel counts from when it was due. Bare libraries replay nothing; what they missed is theirs.",
      metrics: DRIVEN_METRICS.filter(({ id }) => id !== "client-cpu"),
      rows,
      verdicts: [],
      notes: rerunNotes(rows),
    };
  },
};

/**
 * Everybody's rows on one network. Those whose sender fell behind go again, all at the same time as
 * before.
 */
async function rowsOn(bad: BadNetwork, spec: SteadySpec, network: Network, stage: Stage): Promise<Row[]> {
  const tries = new Map<Entrant, DriveResult[]>();
  let due = stage.entrants;
  for (let rerun = 0; rerun <= MOST_RERUNS && due.length > 0; rerun += 1) {
    const results = await playOn(bad, spec, network, { ...stage, entrants: due });
    for (const [entrant, result] of results) tries.set(entrant, [...(tries.get(entrant) ?? []), result]);
    due = due.filter((entrant) => lateness(results.get(entrant)?.health ?? WELL) !== undefined);
  }
  return stage.entrants.map((entrant) => rowOf(entrant, bad, tries.get(entrant) ?? [], stage));
}

/** Starts all before any is played: who connects while others are measured holds them up. */
async function playOn(
  { faults, cuts = [] }: BadNetwork,
  spec: SteadySpec,
  network: Network,
  stage: Stage,
): Promise<ReadonlyMap<Entrant, DriveResult>> {
  const ports: number[] = [];
  const via = async (port: number): Promise<readonly number[]> => {
    const own = await network.ways(port, 1, stage.random.between(1, 1e9), faults);
    ports.push(...own);
    return own;
  };
  const drives = await startDrives(stage, { spec, via, comesBack: true });
  try {
    const tunnels = cuts.map(async ({ at, offline }) => {
      await sleep(at);
      await network.cut(ports);
      await sleep(offline);
      await network.restore(ports);
    });
    const part = { from: 0, to: notificationsOf(spec), speed: 1 };
    const play = async (drive: Drive, index: number): Promise<readonly [Entrant, DriveResult]> => {
      // Not in step: a dozen servers that send in one moment, time after time, make each other
      // late.
      await sleep((index * 1_000) / spec.rate / drives.length);
      return [drive.entrant, await drive.play(part)];
    };
    const [results] = await Promise.all([Promise.all(drives.map(play)), ...tunnels]);
    return new Map(results);
  } finally {
    await Promise.all(drives.map((drive) => drive.close()));
  }
}

function rowOf(entrant: Entrant, bad: BadNetwork, tries: readonly DriveResult[], { random }: Stage): Row {
  const last = tries.slice(-1).map((result) => ({ result, reruns: tries.length - 1 }));
  const row = drivenRow(entrant, last, random);
  return {
    ...row,
    contender: `${row.contender}, ${bad.name}`,
    account: sumOf(tries.map(({ report }) => report.account)),
    lossless: bad.cuts === undefined || entrant.contender.recovers,
    troubles: tries.length === 0 ? row.troubles : [...new Set(tries.flatMap(driveTroubles))].slice(0, 5),
  };
}
