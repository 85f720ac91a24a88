/** `latency`: an open loop at a fixed rate, far below what any wire can take. */
import type { Scenario } from "../scenario.ts";
import type { SteadySpec } from "../workload/spec.ts";
import { DRIVEN_METRICS, driveAll } from "./driven.ts";

const SHAPE = { kind: "steady", topics: 20, subscribers: 40, topicsEach: 2, bytes: 128 } as const;
const PLANS: Record<"quick" | "full", { readonly spec: SteadySpec; readonly parts: number }> = {
  quick: { spec: { ...SHAPE, rate: 400, seconds: 1.8 }, parts: 3 },
  full: { spec: { ...SHAPE, rate: 400, seconds: 20 }, parts: 10 },
};

export const latency: Scenario = {
  name: "latency",
  takesPart: () => true,
  async run(stage) {
    const { spec, parts } = PLANS[stage.profile];
    const warmUp = spec.rate * 0.3;
    const rows = await driveAll("latency", { spec, parts: stage.rounds ?? parts, warmUp }, stage);
    return {
      name: "latency",
      title: "Latency at a fixed rate",
      setup:
        `${spec.rate} notifications of ${spec.bytes} B per second on ${spec.topics} topics to ${spec.subscribers} subscribers, ` +
        `loopback. Open loop; from the intended send time to the application.`,
      metrics: DRIVEN_METRICS,
      rows,
      verdicts: [],
      notes: [],
    };
  },
};
