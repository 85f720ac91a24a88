/**
 * `client-to-server`: how long until a client's publish is acknowledged, and how many a second can
 * be.
 */

import { countedOf, Reruns, type Tried } from "../../drive/reruns.ts";
import type { Part } from "../../drive/schedule.ts";
import type * as serverHalf from "../../drive/server-half.ts";
import type { Random } from "../../measure/random.ts";
import type { Half } from "../../process/child.ts";
import { type Columns, emptyRow, figuresOf, rerunNotes } from "../../report/figures.ts";
import type { MetricDefinition, Row } from "../../results.ts";
import type { Entrant, Scenario, Stage } from "../../scenario.ts";
import { notificationsOf, type SteadySpec } from "../../workload/spec.ts";
import type * as clientHalf from "./client-half.ts";
import type { FloodReport, PublishAccount, PublishReport } from "./client-half.ts";

/** One topic for each publisher. */
const SHAPE = { kind: "steady", topics: 20, subscribers: 20, topicsEach: 1, bytes: 128 } as const;

interface PublishPlan {
  /** The publishes of one round, in an open loop. */
  readonly spec: SteadySpec;
  readonly rounds: number;
  /** Milliseconds of the closed loop in each round. */
  readonly flood: number;
}

// A quick run must do beside a busy neighbour, and clients that publish by POST take most of a core
// at 400 a second.
const PLANS: Readonly<Record<"quick" | "full", PublishPlan>> = {
  quick: { spec: { ...SHAPE, rate: 200, seconds: 0.2 }, rounds: 5, flood: 60 },
  full: { spec: { ...SHAPE, rate: 400, seconds: 2 }, rounds: 10, flood: 1_000 },
};

const METRICS: readonly MetricDefinition[] = [
  { id: "p50", label: "p50 ms", unit: "ms", better: "lower", digits: 2, compared: false },
  { id: "p99", label: "p99 ms", unit: "ms", better: "lower", digits: 2, compared: false },
  { id: "rate", label: "acked/s", unit: "1/s", better: "higher", digits: 0, compared: true },
  { id: "server-cpu", label: "server µs", unit: "µs", better: "lower", digits: 1, compared: true },
  { id: "client-cpu", label: "client µs", unit: "µs", better: "lower", digits: 1, compared: false },
];

/** One round of one contender. */
interface Round {
  readonly open: Tried<PublishReport>;
  readonly closed: FloodReport;
  /** CPU of the server during the closed loop, microseconds. */
  readonly serverCpu: number;
}

const OPEN: Columns<PublishReport> = {
  p50: ({ p50 }) => p50,
  p99: ({ p99 }) => p99,
};
const CLOSED: Columns<Round> = {
  rate: ({ closed }) => (closed.acknowledged * 1_000) / closed.milliseconds,
  "server-cpu": ({ serverCpu, closed }) => serverCpu / closed.acknowledged,
  "client-cpu": ({ closed }) => closed.cpu / closed.acknowledged,
};

export const clientToServer: Scenario = {
  name: "client-to-server",
  seconds: { quick: 14, full: 330 },
  takesPart: () => true,
  async run(stage) {
    const base = PLANS[stage.profile];
    const plan = { ...base, rounds: stage.rounds ?? base.rounds };
    const { rows, without } = await publishAll(plan, stage);
    const { spec, flood } = plan;
    return {
      name: "client-to-server",
      title: "Client to server: publishes that are acknowledged",
      setup:
        `${spec.subscribers} publishers with a topic each, ${spec.bytes} B. p50 and p99 in an open loop of ${spec.rate} publishes a second over all, ` +
        `from the intended publish to its acknowledgement; the rate and the CPU in a closed one of ${flood} ms, one publish under way for each. ` +
        `Somebody subscribed to all topics accounts for what arrived; loopback. ${plan.rounds} rounds.`,
      metrics: METRICS,
      rows,
      verdicts: [],
      notes: [...without.map((name) => `${name} has no acknowledged publish.`), ...rerunNotes(rows)],
    };
  },
};

interface Publishing {
  readonly entrant: Entrant;
  readonly server: Half<typeof serverHalf>;
  readonly clients: Half<typeof clientHalf>;
  /** Whether publishes are acknowledged. */
  readonly able: boolean;
  readonly rounds: Round[];
  readonly reruns: Reruns;
}

async function publishAll(
  plan: PublishPlan,
  stage: Stage,
): Promise<{ readonly rows: Row[]; readonly without: string[] }> {
  const { entrants, random, progress } = stage;
  progress.begin("client-to-server", 1 + entrants.length * plan.rounds);
  progress.step("connecting");
  const all = await Promise.all(entrants.map((entrant) => startPublishing(entrant, plan, stage)));
  const able = all.filter((one) => one.able);
  try {
    // Nothing is measured yet, so they may disturb each other.
    await Promise.all(
      able.map(async ({ clients }) => {
        await clients.ask("play", partOf(plan));
        await clients.ask("flood", plan.flood);
      }),
    );
    for (let round = 1; round <= plan.rounds; round += 1) {
      for (const one of random.shuffled(able)) {
        progress.step(`${one.entrant.contender.name}, round ${round} of ${plan.rounds}`);
        await playRound(one, plan);
      }
    }
    const accounts = await Promise.all(able.map(({ clients }) => clients.ask("settle")));
    return {
      rows: able.map((one, place) =>
        publishRow(one.entrant, one.rounds, accounts[place] as PublishAccount, random),
      ),
      without: all.filter((one) => !one.able).map(({ entrant }) => entrant.contender.name),
    };
  } finally {
    await Promise.all(
      all.map(async ({ clients, server }) => {
        await clients.ask("close");
        await server.ask("close");
      }),
    );
  }
}

async function startPublishing(
  entrant: Entrant,
  { spec, rounds }: PublishPlan,
  stage: Stage,
): Promise<Publishing> {
  const pair = stage.pair(entrant);
  const [server, clients] = await Promise.all([
    pair.server.become<typeof serverHalf>(new URL("../../drive/server-half.ts", import.meta.url)),
    pair.clients.become<typeof clientHalf>(new URL("./client-half.ts", import.meta.url)),
  ]);
  const port = await server.ask("serve", entrant.module, spec);
  const able = await clients.ask("connect", entrant.module, port, spec);
  return { entrant, server, clients, able, rounds: [], reruns: new Reruns(rounds) };
}

function partOf({ spec }: PublishPlan): Part {
  return { from: 0, to: notificationsOf(spec), speed: 1 };
}

async function playRound({ server, clients, rounds, reruns }: Publishing, plan: PublishPlan): Promise<void> {
  const open = await reruns.run(
    () => clients.ask("play", partOf(plan)),
    ({ health }) => health,
  );
  await server.ask("begin");
  const closed = await clients.ask("flood", plan.flood);
  const { cpu } = await server.ask("cost");
  rounds.push({ open, closed, serverCpu: cpu });
}

/**
 * A contender's row. The generator is the clients' process, so its health is what makes the
 * latencies count.
 */
export function publishRow(
  entrant: Entrant,
  rounds: readonly Round[],
  { account, troubles }: PublishAccount,
  random: Random,
): Row {
  const open = rounds.map((round) => round.open);
  const { slices, invalid } = countedOf(open, ({ health }) => health);
  return {
    ...emptyRow(entrant),
    account,
    invalid,
    reruns: open.reduce((sum, { reruns }) => sum + reruns, 0),
    leftOut: slices.filter((slice) => slice === undefined).length,
    troubles,
    figures: { ...figuresOf(OPEN, slices, random), ...figuresOf(CLOSED, rounds, random) },
  };
}
