/**
 * The scenarios of long polling: those where it is a rescue, and not those for which nobody would
 * choose it.
 */
import type { ScenarioName } from "../names.ts";

export const POLLING_SCENARIOS: readonly ScenarioName[] = [
  "latency",
  "client-to-server",
  "degraded-network",
  "blocked-websocket",
];
