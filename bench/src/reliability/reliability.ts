/**
 * `npm run bench:reliability`: whether the quick benchmark can be relied on here. It is run again
 * and again, some times beside a process that keeps a core busy; each run has to succeed, lose
 * nothing, have at most one invalid row, and take less than 180 s where nothing is beside it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { table } from "../report/table.ts";
import type { Results } from "../results.ts";
import { type Ran, SUMMARY_HEADS, summaryCells, summaryOf } from "./summary.ts";

const USAGE = `npm run bench:reliability -- [options] [-- options of the benchmark]
  --runs n      default: 10; each takes three minutes at most where nothing else runs
  --busy n      so many of them beside a busy loop, every other one first; default: half
  --out folder  what each run writes; default: bench-results/reliability`;

/** Milliseconds after which a run is killed. */
const TIME_LIMIT = 600_000;
/** Keeps a core busy; it ends by itself should nobody end it. */
const BUSY = `for (const end = Date.now() + ${TIME_LIMIT}; Date.now() < end; );`;
const CLI = fileURLToPath(new URL("../cli.ts", import.meta.url));

const children = new Set<ChildProcess>();

function started(args: readonly string[]): ChildProcess {
  const child = spawn(process.execPath, [...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  children.add(child);
  child.once("close", () => children.delete(child));
  return child;
}

/** One run of the command, whose progress goes to stderr. */
async function run(busy: boolean, out: string, more: readonly string[]): Promise<Ran> {
  rmSync(out, { recursive: true, force: true });
  const loop = busy ? started(["--eval", BUSY]) : undefined;
  const began = performance.now();
  const command = started([...process.execArgv, CLI, "--out", out, ...more]);
  const timer = setTimeout(() => command.kill(), TIME_LIMIT);
  const code = await new Promise<number | null>((resolve) => command.once("close", resolve));
  clearTimeout(timer);
  loop?.kill("SIGKILL");
  const file = join(out, "results.json");
  const results = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : undefined;
  return { busy, code, seconds: (performance.now() - began) / 1_000, results };
}

/** Resolves to whether all were as they should be. */
async function runs(count: number, beside: number, out: string, more: readonly string[]): Promise<boolean> {
  const lines: string[][] = [];
  let good = true;
  for (let number = 1; number <= count; number += 1) {
    // Spread over all: 5 of 10 are every other one.
    const busy = Math.floor((number * beside) / count) > Math.floor(((number - 1) * beside) / count);
    console.log(`run ${number} of ${count}${busy ? ", beside a busy loop" : ""}`);
    const ran = await run(busy, join(out, String(number).padStart(2, "0")), more);
    const summary = summaryOf(ran);
    lines.push(summaryCells(number, ran, summary));
    good &&= summary.wrong.length === 0;
    console.log(`${table(SUMMARY_HEADS, lines.slice(-1))}`);
    for (const what of summary.wrong) console.log(`  ✗ ${what}`);
    for (const what of summary.invalid) console.log(`  ! ${what}`);
  }
  console.log(
    `\n${table(SUMMARY_HEADS, lines)}\n${good ? "all as they should be" : "not all as they should be"}`,
  );
  return good;
}

const { values, positionals } = parseArgs({
  options: {
    runs: { type: "string", default: "10" },
    busy: { type: "string" },
    out: { type: "string", default: "bench-results/reliability" },
    help: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const count = Number(values.runs);
const beside = values.busy === undefined ? Math.floor(count / 2) : Number(values.busy);
if (
  values.help ||
  !Number.isSafeInteger(count) ||
  count < 1 ||
  !Number.isSafeInteger(beside) ||
  beside < 0 ||
  beside > count
) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    for (const child of children) child.kill(child.spawnargs.includes("--eval") ? "SIGKILL" : "SIGTERM");
    process.exit(1);
  });
}
process.exit((await runs(count, beside, values.out, positionals)) ? 0 : 1);
