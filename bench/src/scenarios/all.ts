/** Every scenario, in the order in which they run and are shown. */
import type { Scenario } from "../scenario.ts";
import { connectStorm } from "./connect-storm.ts";
import { fanOutScenario } from "./fan-out/scenario.ts";
import { idleMemory } from "./idle-memory.ts";
import { latency } from "./latency.ts";
import { manyTopics } from "./many-topics.ts";
import { reconnect } from "./reconnect.ts";
import { reconnectStorm } from "./reconnect-storm.ts";
import { replay } from "./replay.ts";

export const SCENARIOS: readonly Scenario[] = [
  latency,
  fanOutScenario,
  manyTopics,
  connectStorm,
  idleMemory,
  reconnect,
  reconnectStorm,
  replay,
];
