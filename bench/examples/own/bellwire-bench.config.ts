/** A team's own benchmark: its wire beside ours, on its own recorded traffic. */
import { contenderFromRig, defineBenchmark } from "@bellwire/bench";
import { linesRig } from "./lines-wire.ts";

export default defineBenchmark({
  contenders: [contenderFromRig(linesRig, { name: "our wire" })],
  workloads: { "lunch-hour": "./lunch-hour.jsonl" },
  workload: "lunch-hour",
  scenarios: ["latency", "replay"],
  wires: ["ws"],
});
