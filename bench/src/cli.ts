/** `npm run bench`: runs what was asked for, prints the tables, and fails when anything was lost. */
import { writeFileSync } from "node:fs";
import type { ScenarioName } from "./contender.ts";
import { type FanOutResult, fanOut } from "./fan-out/fan-out.ts";
import { fanOutText, relativeCosts, verdicts } from "./fan-out/report.ts";
import { seededRandom } from "./measure/random.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { faults, missedBars } from "./outcome.ts";
import { killChildren } from "./process/child.ts";
import { type Entry, loadContender } from "./registry.ts";
import { type ReplayResult, replay } from "./replay/replay.ts";
import { replayText } from "./replay/report.ts";
import { fingerprint, fingerprintText } from "./report/fingerprint.ts";
import { progressOn } from "./report/progress.ts";

async function takingPart(entries: readonly Entry[], scenario: ScenarioName): Promise<Entry[]> {
  const loaded = await Promise.all(
    entries.map(async (entry) => ({ entry, contender: await loadContender(entry.module) })),
  );
  return loaded.filter(({ contender }) => contender.scenarios.includes(scenario)).map(({ entry }) => entry);
}

/** Runs the benchmark. Resolves to the exit code. */
async function run(options: Options): Promise<number> {
  const print = fingerprint(options.seed);
  const progress = progressOn(process.stderr);
  const random = seededRandom(options.seed);
  console.log(`${fingerprintText(print)}\n`);
  let replayed: ReplayResult[] = [];
  let fanned: FanOutResult[] = [];
  if (options.scenarios.includes("replay")) {
    replayed = await replay(await takingPart(options.entries, "replay"), options.replay, random, progress);
    progress.end();
    console.log(`${replayText(replayed)}\n`);
  }
  if (options.scenarios.includes("fan-out")) {
    fanned = await fanOut(await takingPart(options.entries, "fan-out"), options.fanOut, random, progress);
    progress.end();
  }
  const relative = relativeCosts(fanned, random);
  const judged = verdicts(fanned, relative, options.fanOut.subscribers);
  if (fanned.length > 0) console.log(`${fanOutText(fanned, relative, options.fanOut.subscribers)}\n`);
  if (options.json !== undefined) {
    const raw = { fingerprint: print, replay: replayed, fanOut: fanned, relative, verdicts: judged };
    writeFileSync(options.json, `${JSON.stringify(raw, null, 2)}\n`);
  }
  const wrong = [...faults(replayed, fanned), ...(options.strict ? missedBars(judged) : [])];
  for (const what of wrong) console.error(`FAILED ${what}`);
  return wrong.length > 0 ? 1 : 0;
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = readOptions(process.argv.slice(2));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return 2;
  }
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  return run(options);
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.on(signal, () => {
    killChildren();
    process.exit(code);
  });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    killChildren();
    console.error(error);
    process.exit(1);
  },
);
