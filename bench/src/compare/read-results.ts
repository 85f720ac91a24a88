/** Reads a run back from its file. */
import { readFileSync } from "node:fs";
import { RESULTS_VERSION, type Results } from "../results.ts";

/**
 * Reads a results.json. Throws a RangeError that names the file when there is none in it, or one of
 * another version.
 */
export function readResults(file: string): Results {
  const found = parse(file);
  if (typeof found !== "object" || found === null || !("version" in found)) {
    throw new RangeError(`${file}: no results of this benchmark`);
  }
  if (found.version !== RESULTS_VERSION) {
    const version = JSON.stringify(found.version);
    throw new RangeError(`${file}: version ${version}; this program reads version ${RESULTS_VERSION}`);
  }
  if (!("scenarios" in found && Array.isArray(found.scenarios) && "fingerprint" in found)) {
    throw new RangeError(`${file}: incomplete results`);
  }
  return found as unknown as Results;
}

function parse(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new RangeError(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
