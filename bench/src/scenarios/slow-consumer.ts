/** `slow-consumer`: one subscriber stops to read; do the others pay for it? */
import { FAN_OUT_TOPIC } from "../contender.ts";
import { Drive, type DriveResult } from "../drive/drive.ts";
import type { Network } from "../network/network.ts";
import { type Columns, emptyRow, figuresOf } from "../report/figures.ts";
import type { MetricDefinition, Row } from "../results.ts";
import type { Entrant, Scenario, Stage } from "../scenario.ts";
import { notificationsOf, type SteadySpec } from "../workload/spec.ts";
import { driveTroubles } from "./driven-row.ts";

// Data is large, so that the kernel's buffers are full soon and the server has to decide.
const SHAPE = {
  kind: "steady",
  topics: 1,
  topic: FAN_OUT_TOPIC,
  subscribers: 3,
  topicsEach: 1,
  bytes: 16_384,
} as const;
const PLANS: Record<"quick" | "full", { readonly spec: SteadySpec; readonly rounds: number }> = {
  quick: { spec: { ...SHAPE, rate: 500, seconds: 1.4 }, rounds: 1 },
  full: { spec: { ...SHAPE, rate: 400, seconds: 10 }, rounds: 5 },
};
/** The share of the notifications that is published before anybody stalls. */
const ALONE = 0.3;

const METRICS: readonly MetricDefinition[] = [
  { id: "p99-alone", label: "p99 alone", unit: "ms", better: "lower", digits: 1, compared: false },
  { id: "p99-beside", label: "p99 beside", unit: "ms", better: "lower", digits: 1, compared: false },
  { id: "cpu-ratio", label: "CPU ×", unit: "×", better: "lower", digits: 2, compared: false },
  { id: "rss-growth", label: "RSS + KiB", unit: "KiB", better: "lower", digits: 0, compared: false },
  { id: "cut-off", label: "cut off %", unit: "%", better: "neither", digits: 0, compared: false },
];

interface Trial {
  readonly alone: DriveResult;
  readonly beside: DriveResult;
  readonly growth: number;
  readonly cutOff: boolean;
}

const COLUMNS: Columns<Trial> = {
  "p99-alone": ({ alone }) => alone.report.latency.p99,
  "p99-beside": ({ beside }) => beside.report.latency.p99,
  "cpu-ratio": ({ alone, beside }) => cost(beside) / cost(alone),
  "rss-growth": ({ growth }) => growth / 1_024,
  "cut-off": ({ cutOff }) => (cutOff ? 100 : 0),
};

function cost({ server, report }: DriveResult): number {
  return server.cpu / report.delivered;
}

export const slowConsumer: Scenario = {
  name: "slow-consumer",
  takesPart: ({ load }) => load !== undefined,
  async run(stage) {
    const { spec, rounds: planned } = PLANS[stage.profile];
    const rounds = stage.rounds ?? planned;
    const { entrants, random, progress } = stage;
    const trials = new Map<Entrant, Trial[]>();
    const network = await stage.network();
    progress.begin("slow-consumer", entrants.length * rounds);
    try {
      for (let round = 1; round <= rounds; round += 1) {
        for (const entrant of random.shuffled([...entrants])) {
          progress.step(`${entrant.contender.name}, round ${round} of ${rounds}`);
          trials.set(entrant, [...(trials.get(entrant) ?? []), await trial(entrant, spec, network, stage)]);
        }
      }
    } finally {
      await network.close();
    }
    return {
      name: "slow-consumer",
      title: "Slow consumer: does one hurt the others?",
      setup:
        `${spec.subscribers} clients on one topic, ${spec.rate} notifications of ${spec.bytes / 1_024} KiB per second; after ${ALONE * 100} % of them one more ` +
        "subscriber joins and stops to read; loopback. The others' latency and the server's CPU per delivery before and beside it, what the server's " +
        "memory grew by, and whether the server cut the slow one off.",
      metrics: METRICS,
      rows: entrants.map((entrant) => rowOf(entrant, trials.get(entrant) ?? [], stage)),
      verdicts: [],
      notes: [
        "A server that never cuts off a slow consumer holds everything for it until its memory is exhausted.",
      ],
    };
  },
};

async function trial(entrant: Entrant, spec: SteadySpec, network: Network, stage: Stage): Promise<Trial> {
  let serverPort = 0;
  const via = async (port: number): Promise<readonly number[]> => {
    serverPort = port;
    return [port];
  };
  const drive = await Drive.start(entrant, stage.pair(entrant), { spec, via });
  try {
    const border = Math.round(notificationsOf(spec) * ALONE);
    const alone = await drive.play({ from: 0, to: border, speed: 1 });
    await network.stall(entrant.module, serverPort);
    const before = await drive.rss();
    const beside = await drive.play({ from: border, to: notificationsOf(spec), speed: 1 });
    const growth = (await drive.rss()) - before;
    return { alone, beside, growth, cutOff: await network.release(serverPort) };
  } finally {
    await drive.close();
  }
}

function rowOf(entrant: Entrant, trials: readonly Trial[], { random }: Stage): Row {
  const row = emptyRow(entrant);
  const last = trials.at(-1);
  if (!last) return { ...row, troubles: ["it was never driven"] };
  return {
    ...row,
    account: last.beside.report.account,
    troubles: [...new Set(trials.flatMap(({ beside }) => driveTroubles(beside)))],
    figures: figuresOf(COLUMNS, trials, random),
  };
}
