/** Every scenario, in the order in which they run and are shown. */
import type { Scenario } from "../scenario.ts";
import { blockedWebSocket } from "./blocked-websocket.ts";
import { clientToServer } from "./client-to-server/scenario.ts";
import { connectStorm } from "./connect-storm.ts";
import { degradedNetwork } from "./degraded-network.ts";
import { fanOutScenario } from "./fan-out/scenario.ts";
import { idleMemory } from "./idle-memory.ts";
import { latency } from "./latency.ts";
import { manyTopics } from "./many-topics.ts";
import { reconnect } from "./reconnect.ts";
import { reconnectStorm } from "./reconnect-storm.ts";
import { replay } from "./replay.ts";
import { slowConsumer } from "./slow-consumer.ts";
import { throughput } from "./throughput/scenario.ts";

export const SCENARIOS: readonly Scenario[] = [
  latency,
  fanOutScenario,
  manyTopics,
  throughput,
  clientToServer,
  connectStorm,
  idleMemory,
  reconnect,
  reconnectStorm,
  slowConsumer,
  degradedNetwork,
  blockedWebSocket,
  replay,
];
