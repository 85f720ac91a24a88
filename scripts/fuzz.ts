/**
 * Attacks every wire over raw TCP, beside honest clients, and judges what becomes of the hub.
 *
 *   npm run test:fuzz -- --transport ws,sse,socketio,pusher,hosted|all \
 *     --seed 20261121,fresh --count 100000
 *
 * Each wire is attacked with each seed. Exits with 1 on any finding, after printing how to have it
 * again: an attack depends on the seed and its own number alone, so `--from N --count 1` runs it
 * and what began beside it. `--quick` leaves no session behind that only its heartbeat ends, and
 * keeps one process while it stands. `--fault` has the hub's process make a mistake on purpose,
 * which has to be found.
 */
import { parseArgs } from "node:util";
import { freshSeed } from "@bellwire/core/conformance";
import type { Campaign, Plan } from "./fuzz/attack.ts";
import { Neighbours } from "./fuzz/neighbours.ts";
import { type Row, runRow, warmUp } from "./fuzz/run.ts";
import { Target } from "./fuzz/target.ts";
import { ATTACKED, type Attacked, FAULTS } from "./fuzz/world.ts";

/**
 * Milliseconds after the last attacker within which every link has to be gone; less where a mistake
 * is there to be found.
 */
const PATIENCE = 40_000;
const FAULT_PATIENCE = 3_000;
/** The seed that is the same in every run. */
const FIXED = "20261121";

const { values } = parseArgs({
  options: {
    transport: { type: "string", default: "all" },
    seed: { type: "string", default: `${FIXED},fresh` },
    count: { type: "string", default: "100000" },
    from: { type: "string", default: "0" },
    quick: { type: "boolean", default: false },
    fault: { type: "string" },
  },
});

const count = wholeNumber("count", values.count);
const from = wholeNumber("from", values.from);
const seeds = values.seed
  .split(",")
  .map((seed) => (seed === "fresh" ? freshSeed() : wholeNumber("seed", seed)));
const wires = values.transport === "all" ? ATTACKED : values.transport.split(",").map(wireNamed);
const fault = FAULTS.find((name) => name === values.fault);
if (values.fault !== undefined && !fault) throw new Error(`--fault: must be one of ${FAULTS.join(", ")}`);

const { quick } = values;
const patience = fault ? FAULT_PATIENCE : PATIENCE;

interface AttackedHub {
  readonly target: Target;
  readonly neighbours: Neighbours;
}
let hub: AttackedHub | undefined;

const rows: Row[] = [];
console.log(`seeds ${seeds.join(", ")}; ${count} inputs for each of ${wires.join(", ")}`);
for (const seed of seeds) {
  for (const wire of wires) rows.push(await attacked({ wire, seed, count, from, quick, patience }));
}
hub?.target.stop();
report(rows);
process.exit(rows.some(({ findings }) => findings.length > 0) ? 1 : 0);

async function attacked(plan: Plan): Promise<Row> {
  hub ??= await startHub();
  const { target, neighbours } = hub;
  await warmUp(target, neighbours, plan);
  const row = await runRow(target, neighbours, plan, progress(performance.now()));
  console.log(`${plan.wire}, seed ${plan.seed}: ${sum(row)}`);
  for (const finding of row.findings) console.log(`  FOUND ${finding}`);
  if (row.findings.length > 0) console.log(`  again: ${again(plan)}`);
  // A process of its own for each row, so that none pays for another; in a hurry, only after a
  // finding.
  if (!quick || row.findings.length > 0) {
    neighbours.close();
    target.stop();
    hub = undefined;
  }
  return row;
}

async function startHub(): Promise<AttackedHub> {
  const target = await Target.start(fault);
  const neighbours = new Neighbours(target);
  await neighbours.ready();
  target.flow();
  return { target, neighbours };
}

function progress(began: number): (campaign: Campaign) => void {
  return ({ plan, tally }) => {
    const seconds = (performance.now() - began) / 1_000;
    const rate = tally.inputs / seconds;
    const left = Math.max(0, plan.count - tally.inputs) / rate;
    console.log(
      `${plan.wire}, seed ${plan.seed}: ${tally.inputs} of ${plan.count} inputs, ${rate.toFixed(0)}/s, ${left.toFixed(0)} s left`,
    );
  };
}

function again({ wire, seed, count: inputs, from: first }: Plan): string {
  return `npm run test:fuzz -- --transport ${wire} --seed ${seed} --count ${inputs}${first > 0 ? ` --from ${first}` : ""}`;
}

function sum({ inputs, connections, reached, counts, milliseconds }: Row): string {
  const list = (of: Readonly<Record<string, number>>): string =>
    Object.entries(of)
      .map(([name, number]) => `${name} ${number}`)
      .join(", ");
  return (
    `${inputs} inputs over ${connections} connections in ${(milliseconds / 1_000).toFixed(1)} s\n` +
    `  attackers saw: ${list(reached)}\n  the hub saw: ${list(counts)}`
  );
}

function report(all: readonly Row[]): void {
  const cells = all.map(
    ({ plan, inputs, connections, counts, stall, stallP99, busy, growth, gone, findings }) => [
      plan.wire,
      `${plan.seed}`,
      `${inputs}`,
      `${connections}`,
      `${(counts.link ?? 0) + (counts.request ?? 0)}`,
      `${(counts.message ?? 0) + (counts.malformed ?? 0)}`,
      `${stall.toFixed(0)} (p99 ${stallP99.toFixed(0)})`,
      busy.toFixed(0),
      (growth / 1_048_576).toFixed(1),
      (gone / 1_000).toFixed(1),
      `${findings.length}`,
    ],
  );
  const head = [
    "wire",
    "seed",
    "inputs",
    "connections",
    "links, requests",
    "messages at the hub",
    "stall ms",
    "busy ms",
    "heap MB",
    "gone s",
    "findings",
  ];
  for (const row of [head, ...cells]) console.log(`| ${row.join(" | ")} |`);
}

function wireNamed(name: string): Attacked {
  const found = ATTACKED.find((wire) => wire === name);
  if (!found) throw new Error(`--transport: must be all or some of ${ATTACKED.join(",")}`);
  return found;
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`--${name}: must be a whole number`);
  return Number(text);
}
