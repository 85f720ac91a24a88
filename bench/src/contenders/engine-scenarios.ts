/** The scenarios of the rows over an engine. */
import { SCENARIO_NAMES, type ScenarioName } from "../names.ts";

/**
 * All but `fan-out`, which measures the turns of the event loop in which a notification is
 * published: one that went through an engine is delivered in a later turn. `npm run bench:cluster`
 * measures what its delivery costs.
 */
export const OVER_ENGINE: readonly ScenarioName[] = SCENARIO_NAMES.filter((name) => name !== "fan-out");
