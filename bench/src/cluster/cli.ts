/**
 * `npm run bench:cluster`: the figures of hubs over Redis and PostgreSQL beside their bars, and
 * beside Socket.IO with its Redis Streams adapter under the same faults.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { type PostgresServer, startPostgres } from "../engines/postgres.ts";
import { absence } from "../engines/programs.ts";
import { type RedisServer, startRedis } from "../engines/redis.ts";
import { seededRandom } from "../measure/random.ts";
import { compileAhead } from "../process/ahead.ts";
import { killChildren } from "../process/child.ts";
import { fingerprint, fingerprintText } from "../report/fingerprint.ts";
import { progressOn } from "../report/progress.ts";
import { appends } from "./append.ts";
import { commitToDelivery } from "./commit.ts";
import { fanOutCosts } from "./fan-out.ts";
import { brokenPromises, faultFigures, faultTable } from "./fault-figures.ts";
import { type Effect, faultProgramme } from "./faults.ts";
import { type Figure, figureTable } from "./figure.ts";
import { PARTS, type Part, PLANS } from "./plan.ts";
import { catchUp } from "./replay.ts";
import type { Run } from "./run.ts";
import { versionsText } from "./versions.ts";

const USAGE = `npm run bench:cluster -- [options]

  --quick        a look, in about a minute; default: figures to quote, in about five
  --part a,b     ${PARTS.join(", ")}; default: all
  --seed n       the seed of the order of slices, of the servers that are killed and of the intervals
  --json file    writes every raw figure there
  --help`;

/** Resolves to the exit code: 1 when Bellwire broke a promise, 2 for wrong arguments. */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      part: { type: "string", default: PARTS.join(",") },
      seed: { type: "string", default: String(Math.floor(Math.random() * 1e9) + 1) },
      json: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const seed = Number(values.seed);
  const asked = values.part.split(",");
  const parts = PARTS.filter((part) => asked.includes(part));
  if (values.help || parts.length < asked.length || !Number.isSafeInteger(seed)) {
    console.log(USAGE);
    return values.help ? 0 : 2;
  }
  const plan = PLANS[values.quick ? "quick" : "default"];
  const began = Date.now();
  console.log(`${fingerprintText(fingerprint(seed))}\n${versionsText()}\n`);
  await compileAhead();
  const lengths = parts.map((part) => ({ name: part, seconds: plan.seconds[part] }));
  const run: Run = { plan, random: seededRandom(seed), progress: progressOn(process.stderr, lengths) };
  const { figures, effects } = await measure(run, parts);
  for (const { what, raw } of figures) {
    if (raw.length > 0) console.log(`${what}\n${raw.map((line) => `  ${line}`).join("\n")}`);
  }
  console.log(`\n${figureTable(figures)}\n`);
  if (effects.length > 0) console.log(`${faultTable(effects)}\n`);
  console.log(`${((Date.now() - began) / 1_000).toFixed(0)} s, seed ${seed}`);
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify({ seed, figures, effects }));
  const broken = brokenPromises(effects);
  for (const promise of broken) console.error(`FAILED ${promise}`);
  return broken.length > 0 ? 1 : 0;
}

async function measure(
  run: Run,
  parts: readonly Part[],
): Promise<{ readonly figures: readonly Figure[]; readonly effects: readonly Effect[] }> {
  const figures: Figure[] = [];
  const effects: Effect[] = [];
  const missing = (["redis", "postgres"] as const).map((engine) => absence(engine));
  for (const line of missing) if (line !== undefined) console.log(line);
  const [hasRedis, hasPostgres] = missing.map((line) => line === undefined);
  const servers: { redis?: RedisServer; postgres?: PostgresServer } = {};
  try {
    for (const part of parts) {
      if (part === "postgres" || part === "commit") {
        if (!hasPostgres) continue;
        const { url } = (servers.postgres ??= await startPostgres());
        if (part === "commit") figures.push(await commitToDelivery(run, url));
        else figures.push(...(await appends(run, { engine: "postgres", url })));
      } else if (!hasRedis) continue;
      else if (part === "faults") {
        effects.push(...(await faultProgramme(run)));
        figures.push(...faultFigures(effects));
      } else {
        const { port } = (servers.redis ??= await startRedis());
        const redis = { engine: "redis", port } as const;
        if (part === "redis") figures.push(...(await appends(run, redis)));
        else if (part === "fan-out") figures.push(...(await fanOutCosts(run, redis)));
        else figures.push(await catchUp(run, redis));
      }
    }
  } finally {
    await servers.redis?.stop();
    await servers.postgres?.stop();
  }
  return { figures, effects };
}

for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const)
  process.on(signal, () => {
    killChildren();
    process.exit(code);
  });

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    killChildren();
    console.error(error);
    process.exit(1);
  },
);
