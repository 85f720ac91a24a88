/** What long polling takes part in: where it is a rescue, and not where nobody would choose it. */
import type { ScenarioName } from "../scenario.ts";

export const POLLING_SCENARIOS: readonly ScenarioName[] = [
  "latency",
  "client-to-server",
  "degraded-network",
  "blocked-websocket",
];
