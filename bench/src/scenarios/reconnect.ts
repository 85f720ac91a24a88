/**
 * `reconnect`: clients lose their connections one group after another while publishing goes on, as
 * people on the move do.
 */
import type { Scenario } from "../scenario.ts";
import { OUTAGE_METRICS, type OutagePlan, outages } from "./outage.ts";

const SHAPE = { kind: "steady", topics: 4, subscribers: 30, topicsEach: 1, bytes: 128 } as const;
const PLANS: Record<"quick" | "full", OutagePlan> = {
  quick: {
    spec: { ...SHAPE, rate: 100, seconds: 3.5 },
    ways: 6,
    cutAt: (chance) => 200 + chance * 800,
    offline: 300,
    rounds: 1,
    together: true,
  },
  full: {
    spec: { ...SHAPE, rate: 100, seconds: 15 },
    ways: 10,
    cutAt: (chance) => 500 + chance * 6_000,
    offline: 2_000,
    rounds: 5,
    together: true,
  },
};

export const reconnect: Scenario = {
  name: "reconnect",
  takesPart: () => true,
  async run(stage) {
    const plan = { ...PLANS[stage.profile], rounds: stage.rounds ?? PLANS[stage.profile].rounds };
    const { spec, ways, offline, rounds } = plan;
    return {
      name: "reconnect",
      title: "Reconnect: cut off for a moment",
      setup:
        `${spec.subscribers} clients in ${ways} groups; each group is cut off once, at a random moment, and gets through again after ` +
        `${offline} ms, while ${spec.rate} notifications per second go on; ${rounds} times; loopback. Whole: from the cut to the first ` +
        "delivery on time, after what was missed; the time without a network is in it. Bare libraries replay nothing; what they missed is theirs.",
      metrics: OUTAGE_METRICS,
      rows: await outages("reconnect", plan, stage),
      verdicts: [],
      notes: [],
    };
  },
};
