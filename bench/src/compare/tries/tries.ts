/**
 * `npm run bench:tries`: whether `compare` can be believed on this machine, now. Runs of the same
 * code are compared one after the other, and each with one in which a wire costs 20 % more. A
 * slowed wire runs beside its plain twin, in processes of its own, so that one run is both: with
 * the twin as if it had not been there, or in the wire's place.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { median } from "../../measure/stats.ts";
import { killChildren } from "../../process/child.ts";
import { fingerprint, fingerprintText } from "../../report/fingerprint.ts";
import type { Results } from "../../results.ts";
import type { Entrant } from "../../scenario.ts";
import { type Comparison, compareResults, type MetricChange } from "../compare.ts";
import { growthIn } from "./calibrate.ts";
import { SLOW_DOWN } from "./slow-down.ts";
import { entrant, PLAN, type SmallRun, smallRun } from "./small-run.ts";

const USAGE = `npm run bench:tries -- [options]
  --tries n     default: 20; each takes a minute or more
  --seed n      the seed of the order of rounds
  --out folder  keeps every run there, as results.json`;

/** How much dearer a delivery gets. */
const SLOWER = 0.2;
const THRESHOLD = 0.1;
/** How often one run is begun at most. */
const ATTEMPTS = 5;

async function tries(count: number, seed: number, out: string | undefined): Promise<void> {
  const control = await entrant("../../contenders/raw-ws-loop.ts");
  const twins = await Promise.all(
    ["ws", "sse"].map(async (wire) => ({
      plain: await entrant(`../../contenders/bellwire-${wire}.ts`),
      slowed: await entrant(`./slowed-${wire}.ts`),
    })),
  );
  const plain = [control, ...twins.map((pair) => pair.plain)];
  const keep = (name: string, results: Results): Results => {
    if (out !== undefined) writeFileSync(join(out, `${name}.json`), `${JSON.stringify(results)}\n`);
    return results;
  };
  console.log(fingerprintText(fingerprint(seed)));
  console.log(`${PLAN.subscribers} subscribers, ${PLAN.rounds} rounds, ${PLAN.starts} starts in each run`);

  process.env[SLOW_DOWN] = String(SLOWER);
  const first = await patiently([...plain, ...twins.map(({ slowed }) => slowed)], seed);
  const burn = SLOWER ** 2 / growthIn(first, twins);
  process.env[SLOW_DOWN] = String(burn);
  console.log(
    `burning ${percent(SLOWER)} costs ${percent(growthIn(first, twins))}; from now on ${percent(burn)}`,
  );

  let unchanged = 0;
  let found = 0;
  const growths: number[] = [];
  let before = keep("00-same", first.of(plain));
  for (let number = 1; number <= count; number += 1) {
    const place = String(number).padStart(2, "0");
    const pair = twins[number % twins.length] as (typeof twins)[number];
    const run = await patiently([...plain, pair.slowed], seed + number);
    const same = keep(`${place}-same`, run.of(plain));
    const slower = keep(
      `${place}-slower`,
      run.of(plain.map((one) => (one === pair.plain ? pair.slowed : one))),
    );
    growths.push(growthIn(run, [pair]));
    const again = compareResults(before, same, { threshold: THRESHOLD });
    const after = compareResults(before, slower, { threshold: THRESHOLD });
    if (again.outcome === "no change") unchanged += 1;
    if (isFound(after, pair.plain.contender.name)) found += 1;
    console.log(`${place} same: ${text(again)}`);
    console.log(`${place} ${pair.plain.contender.name} slower: ${text(after)}`);
    const soFar = `so far no change in ${unchanged} and found in ${found} of ${number}`;
    console.log(`   load ${same.fingerprint.load.toFixed(1)}, ${same.seconds.toFixed(0)} s; ${soFar}`);
    before = same;
  }
  console.log(`the slow-down, to the same wire in the same rounds: ${percent(median(growths))} (median)`);
  console.log(`no change: ${unchanged} of ${count}`);
  console.log(`found: ${found} of ${count}`);
}

/** A run that breaks off, as clients could not join in time, is none: it is said and begun anew. */
async function patiently(entrants: readonly Entrant[], seed: number): Promise<SmallRun> {
  for (let left = ATTEMPTS; ; left -= 1) {
    try {
      return await smallRun(entrants, seed);
    } catch (error) {
      killChildren();
      if (left <= 1) throw error;
      console.log(
        `   broke off, begun anew: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`,
      );
    }
  }
}

/** The wire that was slowed got worse, and nothing is said of any other. */
function isFound({ changes }: Comparison, name: string): boolean {
  const worse = changes.filter(({ outcome }) => outcome === "regression");
  return worse.length > 0 && worse.every(({ contender }) => contender === name);
}

function text({ outcome, changes }: Comparison): string {
  const one = ({ contender, metric, factor, outcome: of }: MetricChange): string =>
    `${contender} ${metric.replace("server-cpu-", "")}/tick ${factor.estimate.toFixed(2)}${of === "no change" ? "" : ` ${of}`}`;
  return `${outcome} (${changes.map(one).join(", ")})`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

const { values } = parseArgs({
  options: {
    tries: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
    out: { type: "string" },
    help: { type: "boolean", default: false },
  },
});
const [count, seed] = [Number(values.tries), Number(values.seed)];
if (values.help || !Number.isSafeInteger(count) || count < 1 || !Number.isSafeInteger(seed)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
if (values.out !== undefined) mkdirSync(values.out, { recursive: true });
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    killChildren();
    process.exit(1);
  });
}
try {
  await tries(count, seed, values.out);
} finally {
  killChildren();
}
