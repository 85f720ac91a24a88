/**
 * `replay`: a recorded trace, by default a day of a workout app, time-compressed; the team's own
 * file works.
 */
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { rerunNotes } from "../report/figures.ts";
import type { Scenario } from "../scenario.ts";
import { readWorkload } from "../workload/workload.ts";
import { driveAll } from "./driven.ts";
import { DRIVEN_METRICS } from "./driven-row.ts";

const PLANS = {
  quick: { notifications: 2_000, parts: 5, seconds: 1 },
  full: { notifications: undefined, parts: 6, seconds: 10 },
};

export const replay: Scenario = {
  name: "replay",
  seconds: { quick: 11, full: 140 },
  takesPart: () => true,
  async run(stage) {
    const plan = PLANS[stage.profile];
    const { notifications, subscribers } = await readWorkload(stage.workload, plan.notifications);
    const count = notifications.length;
    const rows = await driveAll(
      "replay",
      {
        spec: { kind: "recorded", file: stage.workload.href, notifications: count },
        parts: stage.rounds ?? plan.parts,
        seconds: plan.seconds,
      },
      stage,
    );
    const file = basename(fileURLToPath(stage.workload));
    return {
      name: "replay",
      title: "Replay: a recorded day",
      setup:
        `${count.toLocaleString("en-US")} notifications of ${file} to ${subscribers.length} subscribers in ${plan.seconds} s, ` +
        `loopback. Latency from the intended send time; CPU and bytes per delivery.`,
      metrics: DRIVEN_METRICS,
      rows,
      verdicts: [],
      notes: rerunNotes(rows),
    };
  },
};
