/** `reconnect-storm`: everybody is cut off in the same moment, as when a balancer restarts. */
import type { Scenario } from "../scenario.ts";
import { OUTAGE_METRICS, type OutagePlan, outages } from "./outage.ts";

const SHAPE = { kind: "steady", topics: 10, topicsEach: 1, bytes: 128 } as const;
const PLANS: Record<"quick" | "full", OutagePlan> = {
  quick: {
    spec: { ...SHAPE, subscribers: 50, rate: 50, seconds: 3.5 },
    ways: 1,
    cutAt: () => 300,
    offline: 200,
    rounds: 1,
    together: true,
  },
  full: {
    spec: { ...SHAPE, subscribers: 500, rate: 200, seconds: 15 },
    ways: 1,
    cutAt: () => 1_000,
    offline: 1_000,
    rounds: 5,
    together: false,
  },
};

export const reconnectStorm: Scenario = {
  name: "reconnect-storm",
  takesPart: () => true,
  async run(stage) {
    const plan = { ...PLANS[stage.profile], rounds: stage.rounds ?? PLANS[stage.profile].rounds };
    const { spec, offline, rounds } = plan;
    return {
      name: "reconnect-storm",
      title: "Reconnect storm: all clients cut off at once",
      setup:
        `${spec.subscribers} clients are cut off in the same moment and get through again after ${offline} ms, while ${spec.rate} notifications per ` +
        `second go on; ${rounds} times, ${plan.together ? "all contenders at the same time" : "one contender after another"}; loopback. How fast a client may come back is its own backoff: the spread of a storm is meant.`,
      metrics: OUTAGE_METRICS,
      rows: await outages("reconnect-storm", plan, stage),
      verdicts: [],
      notes: [],
    };
  },
};
