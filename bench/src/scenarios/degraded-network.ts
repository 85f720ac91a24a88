/** `degraded-network`: the same workload over bad networks. */
import type { ConnectionFaults } from "@bellwire/core/conformance";
import { Drive, type DriveResult } from "../drive/drive.ts";
import { sleep } from "../measure/clock.ts";
import { Network } from "../network/network.ts";
import type { Row } from "../results.ts";
import type { Entrant, Scenario, Stage } from "../scenario.ts";
import { notificationsOf, type SteadySpec } from "../workload/spec.ts";
import { DRIVEN_METRICS, drivenRow } from "./driven-row.ts";

/** A bad network. */
interface BadNetwork {
  readonly name: string;
  readonly faults: ConnectionFaults;
  /** Milliseconds at which every connection is cut, and for how long nobody gets through. Default: never. */
  readonly cuts?: readonly { readonly at: number; readonly offline: number }[];
}

/**
 * `3g`: 1.6 Mbit/s down, 768 kbit/s up and 300 ms of round trip, as WebPageTest's profile "3G" has it
 * (https://docs.webpagetest.org/getting-started/). `train`: our own picture of a train through the country, a slower line whose delay
 * varies, and a tunnel.
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
    const { entrants, progress } = stage;
    const network = await Network.start();
    progress.begin("degraded-network", NETWORKS.length);
    const rows: Row[] = [];
    try {
      for (const bad of NETWORKS) {
        progress.step(`everybody on ${bad.name}`);
        // Nobody has much to do, so all share the time; a bad network is the same for all of them.
        rows.push(
          ...(await Promise.all(entrants.map((entrant) => drive(entrant, spec, bad, network, stage)))),
        );
      }
    } finally {
      await network.stop();
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
      notes: [],
    };
  },
};

async function drive(
  entrant: Entrant,
  spec: SteadySpec,
  bad: BadNetwork,
  network: Network,
  stage: Stage,
): Promise<Row> {
  let ports: readonly number[] = [];
  const via = async (port: number): Promise<readonly number[]> => {
    ports = await network.ways(port, 1, stage.random.between(1, 1e9), bad.faults);
    return ports;
  };
  const cut = bad.cuts !== undefined;
  const drives = await Drive.start(entrant, stage.pair(entrant), { spec, via, comesBack: true });
  let result: DriveResult;
  try {
    const tunnels = (bad.cuts ?? []).map(async ({ at, offline }) => {
      await sleep(at);
      await network.cut(ports);
      await sleep(offline);
      await network.restore(ports);
    });
    [result] = await Promise.all([drives.play({ from: 0, to: notificationsOf(spec), speed: 1 }), ...tunnels]);
  } finally {
    await drives.close();
  }
  const row = drivenRow(entrant, [result], stage.random);
  return {
    ...row,
    contender: `${row.contender}, ${bad.name}`,
    lossless: !cut || entrant.contender.recovers,
  };
}
