/** Reads a run from its results.json. */
import { readFileSync } from "node:fs";
import type { ScenarioName } from "../names.ts";
import { RESULTS_VERSION, type Results } from "../results.ts";

/** Scenarios by a name of earlier releases, with the name that they have now. */
const RENAMED: Readonly<Record<string, ScenarioName>> = { "slow-reader": "slow-consumer" };

/**
 * Reads a results.json, with scenarios under their present names. Throws a RangeError that names
 * the file when it holds no results or those of another version.
 */
export function readResults(file: string): Results {
  const found = parse(file);
  if (typeof found !== "object" || found === null || !("version" in found)) {
    throw new RangeError(`${file}: holds no results of this benchmark`);
  }
  if (found.version !== RESULTS_VERSION) {
    const version = JSON.stringify(found.version);
    throw new RangeError(`${file}: version ${version}; this program reads version ${RESULTS_VERSION}`);
  }
  if (!("scenarios" in found && Array.isArray(found.scenarios) && "fingerprint" in found)) {
    throw new RangeError(`${file}: incomplete results`);
  }
  const results = found as unknown as Results;
  return {
    ...results,
    scenarios: results.scenarios.map((scenario) => ({
      ...scenario,
      name: (Object.hasOwn(RENAMED, scenario.name) && RENAMED[scenario.name]) || scenario.name,
    })),
  };
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new RangeError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
