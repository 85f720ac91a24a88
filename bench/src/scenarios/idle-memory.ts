/**
 * `idle-memory`: what a connection that only listens takes, as the slope between two populations.
 */
import { type Columns, emptyRow, figuresOf } from "../report/figures.ts";
import type { MetricDefinition, Row } from "../results.ts";
import type { Entrant, Scenario, Stage } from "../scenario.ts";
import { Population } from "./population/population.ts";

const PLANS = {
  quick: { populations: [200, 700], rounds: 1 },
  full: { populations: [500, 2_500], rounds: 3 },
} as const;
/** Connections that join at the same time. */
const AT_ONCE = 100;

const METRICS: readonly MetricDefinition[] = [
  { id: "heap-per-connection", label: "heap B/conn", unit: "B", better: "lower", digits: 0, compared: true },
  { id: "rss-per-connection", label: "RSS B/conn", unit: "B", better: "lower", digits: 0, compared: false },
];

/** One slope, bytes per connection. */
interface Slope {
  readonly heap: number;
  readonly rss: number;
  readonly troubles: readonly string[];
}

const COLUMNS: Columns<Slope> = {
  "heap-per-connection": ({ heap }) => heap,
  "rss-per-connection": ({ rss }) => rss,
};

export const idleMemory: Scenario = {
  name: "idle-memory",
  takesPart: ({ load }) => load !== undefined,
  async run(stage) {
    const plan = PLANS[stage.profile];
    const rounds = stage.rounds ?? plan.rounds;
    const { entrants, progress } = stage;
    const [few, many] = plan.populations;
    progress.begin("idle-memory", entrants.length * rounds);
    const slopes = new Map<Entrant, Slope[]>();
    for (let round = 1; round <= rounds; round += 1) {
      // All at the same time: what a process holds is its own, and no time is measured.
      await Promise.all(
        entrants.map(async (entrant) => {
          const slope = await slopeOf(entrant, few, many, stage);
          slopes.set(entrant, [...(slopes.get(entrant) ?? []), slope]);
          progress.step(`${entrant.contender.name}, round ${round} of ${rounds}`);
        }),
      );
    }
    return {
      name: "idle-memory",
      title: "Memory of an idle connection",
      setup:
        `The server's memory with ${few} and with ${many.toLocaleString("en-US")} connections, each with one subscription, after full collections; ` +
        `the slope between the two, each server in a fresh process; loopback. Heap counts what V8 and its buffers hold; RSS also what the allocators keep.`,
      metrics: METRICS,
      rows: entrants.map((entrant) => rowOf(entrant, slopes.get(entrant) ?? [], stage)),
      verdicts: [],
      notes: ["Neither figure includes what the kernel holds for a connection."],
    };
  },
};

async function slopeOf(entrant: Entrant, few: number, many: number, stage: Stage): Promise<Slope> {
  const server = stage.freshServer(entrant);
  try {
    const population = await Population.start(entrant, { ...stage.pair(entrant), server });
    const first = await population.join(few, AT_ONCE);
    const before = await population.memory();
    const second = await population.join(many - few, AT_ONCE);
    const after = await population.memory();
    const failures = await population.failures();
    await population.close();
    return {
      heap: (after.heap - before.heap) / (many - few),
      rss: (after.rss - before.rss) / (many - few),
      troubles: [
        ...new Set([...first.troubles, ...second.troubles]),
        ...(failures > 0 ? [`${failures} publishes failed`] : []),
      ],
    };
  } finally {
    await server.stop();
  }
}

function rowOf(entrant: Entrant, slopes: readonly Slope[], { random }: Stage): Row {
  return {
    ...emptyRow(entrant),
    troubles: [...new Set(slopes.flatMap(({ troubles }) => troubles))],
    figures: figuresOf(COLUMNS, slopes, random),
  };
}
