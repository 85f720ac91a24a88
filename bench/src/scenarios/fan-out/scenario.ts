/** `fan-out`: what one delivery costs the server when everything goes to everyone. */
import { median } from "../../measure/stats.ts";
import { emptyRow } from "../../report/figures.ts";
import type { Figure, MetricDefinition, Row } from "../../results.ts";
import type { Scenario } from "../../scenario.ts";
import { DATA_BYTES } from "./content.ts";
import {
  BURSTS,
  type Burst,
  type FanOutPlan,
  type FanOutResult,
  fanOut,
  type Place,
  placesOf,
  type SliceResult,
} from "./fan-out.ts";
import { type RelativeCost, relativeCosts, verdicts } from "./report.ts";

const PLANS: Record<"quick" | "full", FanOutPlan> = {
  quick: {
    subscribers: 1_000,
    rounds: 8,
    starts: 1,
    slices: { 1: { leadIn: 5, ticks: 14, every: 1 }, 8: { leadIn: 1, ticks: 3, every: 3 } },
  },
  full: {
    subscribers: 1_000,
    rounds: 30,
    starts: 5,
    slices: { 1: { leadIn: 8, ticks: 25, every: 1 }, 8: { leadIn: 2, ticks: 4, every: 2 } },
  },
};

const METRICS: readonly MetricDefinition[] = [
  ...BURSTS.flatMap((burst): MetricDefinition[] => [
    {
      id: `server-cpu-${burst}`,
      label: `µs (${burst}/tick)`,
      unit: "µs",
      better: "lower",
      digits: 2,
      compared: true,
    },
    {
      id: `ratio-${burst}`,
      label: `× loop (${burst}/tick)`,
      unit: "×",
      better: "lower",
      digits: 2,
      compared: false,
    },
    {
      id: `client-cpu-${burst}`,
      label: `client µs (${burst})`,
      unit: "µs",
      better: "lower",
      digits: 2,
      compared: false,
    },
  ]),
  { id: "wire-bytes", label: "wire B", unit: "B", better: "lower", digits: 0, compared: true },
];

export const fanOutScenario: Scenario = {
  name: "fan-out",
  seconds: { quick: 30, full: 260 },
  takesPart: ({ load }) => load !== undefined,
  async run(stage) {
    const base = PLANS[stage.profile];
    const rounds = stage.rounds ?? base.rounds;
    const starts = stage.cpuProfile === undefined ? Math.min(base.starts, rounds) : 1;
    const plan = { ...base, rounds, starts };
    const places = placesOf(stage.entrants);
    const results = await fanOut(plan, places, stage);
    const relative = relativeCosts(results, stage.random);
    return {
      name: "fan-out",
      title: "Fan-out: what a delivery costs the server",
      setup:
        `${plan.subscribers.toLocaleString("en-US")} subscribers, ${DATA_BYTES} B of data, one notification per turn of the event loop and bursts of 8; ` +
        `loopback. ${rounds} rounds, ${starts} starts of the processes; ratios to the usual loop of the same round.`,
      metrics: METRICS,
      rows: results.map((result, place) => fanOutRow(places[place] as Place, result, relative)),
      verdicts: verdicts(results, relative, plan.subscribers),
      notes: [],
    };
  },
};

/** The row of one place. */
export function fanOutRow(
  { entrant }: Pick<Place, "entrant">,
  result: FanOutResult,
  relative: readonly RelativeCost[],
): Row {
  const base = emptyRow(entrant);
  const bytes = figure(result, 1, (slice) => slice.bytes);
  const figures: Record<string, Figure> = {};
  for (const burst of BURSTS) {
    figures[`server-cpu-${burst}`] = figure(result, burst, ({ serverCpu }) => serverCpu);
    figures[`client-cpu-${burst}`] = figure(result, burst, ({ clientCpu }) => clientCpu);
    const cost = relative.find(
      (one) => one.name === result.name && one.burst === burst && one.against === undefined,
    );
    if (cost) {
      const { median: value, low, high } = cost.ratio;
      figures[`ratio-${burst}`] = { value, low, high, samples: [] };
    }
  }
  return {
    ...base,
    contender: result.name,
    caveats: [...base.caveats, ...(result.again ? ["A/A"] : [])],
    account: {
      expected: result.expected,
      delivered: result.expected - result.lost,
      lost: result.lost,
      doubled: result.doubled,
      disordered: 0,
      stray: 0,
    },
    troubles: [...result.troubles, ...(result.failures > 0 ? [`${result.failures} publishes failed`] : [])],
    figures: {
      ...figures,
      ...(Number.isFinite(bytes.value) ? { "wire-bytes": bytes } : {}),
    },
  };
}

function figure(result: FanOutResult, burst: Burst, pick: (slice: SliceResult) => number): Figure {
  const samples = result.slices
    .filter((slice) => slice.burst === burst)
    .map((slice) => ({ round: slice.round, value: pick(slice) }));
  return { value: median(samples.map(({ value }) => value)), samples };
}
