/** `latency`: an open loop at a fixed rate, far below what any wire can take. */
import { rerunNotes } from "../report/figures.ts";
import type { Scenario } from "../scenario.ts";
import type { SteadySpec } from "../workload/spec.ts";
import { driveAll } from "./driven.ts";
import { DRIVEN_METRICS } from "./driven-row.ts";

const SHAPE = { kind: "steady", topics: 20, subscribers: 40, topicsEach: 2, bytes: 128 } as const;

interface LatencyPlan {
  readonly spec: SteadySpec;
  readonly parts: number;
  /** Seconds at the beginning that are not measured: compilers and sockets get warm. */
  readonly warmUp: number;
}

// A quick run must do beside a busy neighbour, and long polling takes a core and a half at 400 a
// second.
const PLANS: Readonly<Record<"quick" | "full", LatencyPlan>> = {
  quick: { spec: { ...SHAPE, rate: 200, seconds: 1.5 }, parts: 5, warmUp: 0.5 },
  full: { spec: { ...SHAPE, rate: 400, seconds: 22 }, parts: 10, warmUp: 2 },
};

export const latency: Scenario = {
  name: "latency",
  seconds: { quick: 16, full: 250 },
  takesPart: () => true,
  async run(stage) {
    const { spec, parts, warmUp } = PLANS[stage.profile];
    const plan = { spec, parts: stage.rounds ?? parts, warmUp: spec.rate * warmUp };
    const rows = await driveAll("latency", plan, stage);
    return {
      name: "latency",
      title: "Latency at a fixed rate",
      setup:
        `${spec.rate} notifications of ${spec.bytes} B per second on ${spec.topics} topics to ${spec.subscribers} subscribers, ` +
        `for ${spec.seconds - warmUp} s after ${warmUp} s of warm-up; loopback. Open loop; from the intended send time to the application.`,
      metrics: DRIVEN_METRICS,
      rows,
      verdicts: [],
      notes: rerunNotes(rows),
    };
  },
};
