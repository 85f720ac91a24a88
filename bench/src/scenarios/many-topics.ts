/**
 * `many-topics`: thousands of topics with a few subscribers each, where a fan-out cannot share what
 * it has encoded.
 */
import { rerunNotes } from "../report/figures.ts";
import type { Scenario } from "../scenario.ts";
import type { SteadySpec } from "../workload/spec.ts";
import { driveAll } from "./driven.ts";
import { DRIVEN_METRICS } from "./driven-row.ts";

const SHAPE = { kind: "steady", subscribers: 50, bytes: 128 } as const;

interface ManyTopicsPlan {
  readonly spec: SteadySpec;
  readonly parts: number;
  /** Seconds at the beginning that are not measured. */
  readonly warmUp: number;
}

// A quick run must do beside a busy neighbour, and publishing by HTTP takes a whole core at 1,000 a
// second.
const PLANS: Readonly<Record<"quick" | "full", ManyTopicsPlan>> = {
  quick: {
    spec: { ...SHAPE, topics: 1_000, topicsEach: 40, rate: 500, seconds: 1.4 },
    parts: 5,
    warmUp: 0.4,
  },
  full: {
    spec: { ...SHAPE, topics: 10_000, topicsEach: 400, rate: 1_000, seconds: 12 },
    parts: 10,
    warmUp: 2,
  },
};

export const manyTopics: Scenario = {
  name: "many-topics",
  seconds: { quick: 12, full: 200 },
  takesPart: () => true,
  async run(stage) {
    const { spec, parts, warmUp } = PLANS[stage.profile];
    const plan = { spec, parts: stage.rounds ?? parts, warmUp: spec.rate * warmUp };
    const rows = await driveAll("many-topics", plan, stage);
    const each = (spec.subscribers * spec.topicsEach) / spec.topics;
    return {
      name: "many-topics",
      title: "Many topics, few subscribers each",
      setup:
        `${spec.topics.toLocaleString("en-US")} topics with ${each} subscribers each, over ${spec.subscribers} connections; ` +
        `${spec.rate.toLocaleString("en-US")} notifications of ${spec.bytes} B per second, the topics in turns; loopback. ` +
        `Open loop; from the intended send time to the application.`,
      metrics: DRIVEN_METRICS,
      rows,
      verdicts: [],
      notes: rerunNotes(rows),
    };
  },
};
