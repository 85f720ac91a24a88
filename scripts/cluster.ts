/**
 * Hubs of several processes over a real engine, clients on every transport behind a round-robin
 * balancer, and faults of everything, judged by the offline ledger.
 *
 *   npm run test:cluster -- --engine redis,postgres --rounds 10 --seconds 20 --seed 1
 *
 * Prints one line per round and one per engine, and exits with 1 when a promise was broken, after
 * printing the seed of each failing round; `--seed S --rounds 1` with that seed runs it again.
 */
import { parseArgs } from "node:util";
import { describeVerdict, freshSeed, seededRandom } from "@bellwire/core/conformance";
import type { Engine } from "./cluster/engine.ts";
import { WIRES } from "./cluster/fleet.ts";
import { MISTAKES } from "./cluster/mistakes.ts";
import { startPostgres } from "./cluster/postgres.ts";
import { startRedis } from "./cluster/redis.ts";
import { type RoundOptions, runRound } from "./cluster/round.ts";

const ENGINES: Readonly<Record<string, (seed: number) => Promise<Engine>>> = {
  redis: (seed) => startRedis(false, seededRandom(seed)),
  "redis-persistent": (seed) => startRedis(true, seededRandom(seed)),
  postgres: (seed) => startPostgres(seededRandom(seed)),
};

const { values } = parseArgs({
  options: {
    engine: { type: "string", default: Object.keys(ENGINES).join(",") },
    wire: { type: "string", default: Object.keys(WIRES).join(",") },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "20" },
    hubs: { type: "string", default: "3" },
    clients: { type: "string", default: "10" },
    topics: { type: "string", default: "6" },
    rate: { type: "string", default: "30" },
    window: { type: "string", default: "256" },
    faults: { type: "string" },
    mistake: { type: "string" },
    patience: { type: "string", default: "60000" },
    seed: { type: "string" },
  },
});
const seed = values.seed === undefined ? freshSeed() : wholeNumber("seed");
const mistake = MISTAKES.find((name) => name === values.mistake);
if (values.mistake !== undefined && !mistake)
  throw new Error(`--mistake: must be one of ${MISTAKES.join(", ")}`);
const shape: Omit<RoundOptions, "engine" | "random" | "prefix"> = {
  hubs: wholeNumber("hubs"),
  wires: values.wire.split(","),
  clients: wholeNumber("clients"),
  topics: wholeNumber("topics"),
  rate: wholeNumber("rate"),
  seconds: wholeNumber("seconds"),
  window: wholeNumber("window"),
  faults: values.faults?.split(","),
  mistake,
  patience: wholeNumber("patience"),
};
const rounds = wholeNumber("rounds");

console.log(
  `seed ${seed}; ${shape.hubs} hubs, ${shape.clients} clients on each of ${values.wire}, ${rounds} rounds of ${shape.seconds} s`,
);
let failed = false;
for (const name of values.engine.split(",")) {
  const start = ENGINES[name];
  if (!start) throw new Error(`--engine: must be all or some of ${Object.keys(ENGINES).join(",")}`);
  const engine = await start(seed);
  try {
    if (!(await campaign(engine))) failed = true;
  } finally {
    await engine.stop();
  }
}
process.exit(failed ? 1 : 0);

async function campaign(engine: Engine): Promise<boolean> {
  const began = performance.now();
  const total = { delivered: 0, expected: 0, gaps: 0, reportedLost: 0, violations: 0, broken: 0 };
  const faults = new Map<string, number>();
  for (let n = 0; n < rounds; n++) {
    const own = (seed + n) >>> 0;
    const prefix = `r${own}`;
    const { verdict, broken, happened } = await runRound({
      ...shape,
      engine,
      prefix,
      random: seededRandom(own),
    });
    for (const fault of happened) faults.set(fault, (faults.get(fault) ?? 0) + 1);
    const violations = Object.values(verdict.counts).reduce((sum, count) => sum + count, 0);
    total.delivered += verdict.delivered;
    total.expected += verdict.expected;
    total.gaps += verdict.gaps;
    total.reportedLost += verdict.reportedLost;
    total.violations += violations;
    total.broken += broken.length;
    const seconds = (performance.now() - began) / 1_000;
    const left = ((seconds / (n + 1)) * (rounds - n - 1)) / 60;
    console.log(
      `${engine.name} ${n + 1}/${rounds}: ${verdict.delivered} deliveries, ${verdict.gaps} gaps; ` +
        `${happened.length} faults; ${left.toFixed(1)} min left`,
    );
    if (violations + broken.length === 0) continue;
    console.log(`seed ${own} broke a promise (--engine ${values.engine} --seed ${own} --rounds 1)`);
    console.log(describeVerdict(verdict), broken.slice(0, 10).join("\n"));
  }
  const happened = Array.from(faults, ([name, count]) => `${name} ${count}`).join(", ");
  console.log(
    `${engine.name}: ${total.delivered} deliveries of ${total.expected}, ${total.gaps} gaps over ${total.reportedLost}, ` +
      `${total.violations} promises broken in the ledger, ${total.broken} beside it; ${happened}; ` +
      `${((performance.now() - began) / 1_000).toFixed(0)} s`,
  );
  return total.violations + total.broken === 0 && total.delivered > 0;
}

function wholeNumber(
  option: "rounds" | "seconds" | "hubs" | "clients" | "topics" | "rate" | "window" | "patience" | "seed",
): number {
  const value = Number(values[option]);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${option}: must be a whole number`);
  return value;
}
