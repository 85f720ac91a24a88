/**
 * `bellwire-bench run`: prints the tables, writes the reports, and fails when anything was lost.
 */
import { loadConfig } from "./load-config.ts";
import { namedConfig, type Options, readOptions, USAGE } from "./options.ts";
import { faults, missedBars } from "./outcome.ts";
import { fingerprint, fingerprintText } from "./report/fingerprint.ts";
import { progressOn } from "./report/progress.ts";
import { scenarioText } from "./report/terminal.ts";
import { writeReports } from "./report/write.ts";
import { plannedParts, run } from "./run.ts";

/**
 * Resolves to the exit code: 0, 1 when something was lost or went wrong, 2 when the arguments are
 * wrong.
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = readOptions(args, await loadConfig(process.cwd(), namedConfig(args)));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  console.log(`${fingerprintText(fingerprint(options.seed))}\n`);
  for (const line of options.absent) console.log(line);
  const color = Boolean(process.stdout.isTTY);
  const width = color ? process.stdout.columns : 160;
  const results = await run(options, progressOn(process.stderr, plannedParts(options)), (scenario) => {
    console.log(`${scenarioText(scenario, { color, width })}\n`);
  });
  const files = writeReports(options.out, results);
  console.log(`${files.join(", ")}, after ${results.seconds.toFixed(0)} s`);
  const { scenarios } = results;
  const wrong = [...faults(scenarios), ...(options.strict ? missedBars(scenarios) : [])];
  for (const what of wrong) console.error(`FAILED ${what}`);
  return wrong.length > 0 ? 1 : 0;
}
