/**
 * One row of the report: a wire is attacked with one seed, and the hub's process and the neighbours
 * are judged.
 */
import { Campaign, type Plan } from "./attack.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Target } from "./target.ts";
import type { Counts, Sample } from "./world.ts";

/** Bytes by which the heap may have grown. */
const GROWTH = 16 * 1_048_576;
/**
 * Milliseconds that the event loop may stand still. The promise is 100; a shared machine of two
 * cores makes more by itself.
 */
const STALL = 1_000;
/**
 * Milliseconds of processor time that one turn of the loop may take, with 32 attackers at a time.
 */
const BUSY = 500;
/** Milliseconds that a neighbour may need to hear the last of what was published. */
const CATCH_UP = 10_000;
/** Milliseconds between two looks while something is waited for. */
const LOOK = 500;
/** Connections that neighbours may have beside one each: an SSE link posts on a second. */
const BESIDE = 4;

/** The result of a row. */
export interface Row {
  readonly plan: Plan;
  readonly findings: readonly string[];
  readonly inputs: number;
  readonly connections: number;
  /** How deep the attackers came, as they saw it, by layer. */
  readonly reached: Counts;
  /** The counts of the hubs meanwhile. */
  readonly counts: Counts;
  readonly stall: number;
  readonly stallP99: number;
  readonly busy: number;
  /** Bytes by which the heap grew. */
  readonly growth: number;
  /** Milliseconds until the last link was gone. */
  readonly gone: number;
  readonly milliseconds: number;
}

/**
 * Attacks with a few inputs of another seed: code that has not run yet, and caches that are empty,
 * would count as growth.
 */
export async function warmUp(target: Target, neighbours: Neighbours, plan: Plan): Promise<void> {
  const few = { ...plan, seed: plan.seed ^ 0x5bd1e995, count: Math.min(2_000, Math.ceil(plan.count / 4)) };
  await new Campaign(few, target).run();
  await settled(plan, target, neighbours, Number.POSITIVE_INFINITY);
}

/** Runs one row. `progress` hears of it now and then. */
export async function runRow(
  target: Target,
  neighbours: Neighbours,
  plan: Plan,
  progress: (campaign: Campaign) => void,
): Promise<Row> {
  const began = performance.now();
  const before = await target.sample();
  const campaign = new Campaign(plan, target);
  const timer = setInterval(() => progress(campaign), 5_000);
  const under = new Set<number>();
  const watch = setInterval(() => {
    // The inputs under way when the first error came are the ones to look at.
    if (target.uncaught.length > 0 && under.size === 0)
      for (const number of campaign.under) under.add(number);
  }, 1);
  await campaign.run();
  clearInterval(timer);
  clearInterval(watch);
  const ended = performance.now();
  const attacked = await target.sample();
  const after = await settled(plan, target, neighbours, before?.heap ?? 0);
  const gone = performance.now() - ended;
  const findings = [
    ...told(target, under),
    ...judged(plan, before, attacked, after, neighbours),
    ...campaign.tally.said.map((words) => `the hub said ${words}`),
    ...(target.ended === undefined
      ? [...(await stream(target, neighbours)), ...neighbours.complaints()]
      : []),
  ];
  const { inputs, connections, reached } = campaign.tally;
  return {
    plan,
    findings,
    inputs,
    connections,
    reached,
    counts: difference(before?.counts ?? {}, after?.counts ?? {}),
    stall: attacked?.stall ?? Number.NaN,
    stallP99: attacked?.stallP99 ?? Number.NaN,
    busy: attacked?.busy ?? Number.NaN,
    growth: (after?.heap ?? Number.NaN) - (before?.heap ?? Number.NaN),
    gone,
    milliseconds: performance.now() - began,
  };
}

/**
 * Waits until links and connections are those of the neighbours and the heap is back, at most as
 * long as they may take.
 */
async function settled(
  { patience }: Plan,
  target: Target,
  neighbours: Neighbours,
  heap: number,
): Promise<Sample | undefined> {
  const end = performance.now() + patience;
  for (;;) {
    const sample = await target.sample();
    if (!sample || performance.now() > end) return sample;
    const { size } = neighbours;
    const back = sample.links <= size && sample.connections <= size + BESIDE && sample.heap < heap + GROWTH;
    if (back) return sample;
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}

function told(target: Target, under: ReadonlySet<number>): string[] {
  const uncaught = target.uncaught.splice(0);
  const attacks = under.size > 0 ? ` (attacks under way: ${[...under].join(", ")})` : "";
  const kinds = new Map<string, number>();
  for (const text of uncaught) kinds.set(text, (kinds.get(text) ?? 0) + 1);
  return [
    ...(target.ended === undefined ? [] : [`the hub's process ended: ${target.ended}${attacks}`]),
    ...Array.from(kinds, ([text, times]) => `${times} × ${text}${attacks}`),
  ];
}

function judged(
  { patience, quick }: Plan,
  before: Sample | undefined,
  attacked: Sample | undefined,
  after: Sample | undefined,
  { size }: Neighbours,
): string[] {
  if (!before || !attacked || !after) return ["the hub's process did not answer"];
  const findings: string[] = [];
  const seconds = patience / 1_000;
  if (after.links !== size) findings.push(`${after.links} links after ${seconds} s, and ${size} neighbours`);
  if (after.connections > size + BESIDE)
    findings.push(`${after.connections} connections after ${seconds} s, and ${size} neighbours`);
  const growth = after.heap - before.heap;
  if (growth >= GROWTH) findings.push(`the heap grew by ${(growth / 1_048_576).toFixed(1)} MB`);
  if (attacked.busy >= BUSY) findings.push(`one turn of the event loop took ${attacked.busy.toFixed(0)} ms`);
  // Beside all other tests the loop waits for a core as often as for a peer.
  if (!quick && attacked.stall >= STALL)
    findings.push(`the event loop stood still for ${attacked.stall.toFixed(0)} ms`);
  return findings;
}

/**
 * Whether the neighbours have heard everything that was published; the stream goes on afterwards.
 */
async function stream(target: Target, neighbours: Neighbours): Promise<string[]> {
  const last = (await target.sample("still"))?.published ?? 0;
  const end = performance.now() + CATCH_UP;
  while (!neighbours.heard(last) && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  target.flow();
  return neighbours.behind(last);
}

function difference(before: Counts, after: Counts): Counts {
  const changed = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(
    changed.filter(([, count]) => count > 0).toSorted(([one], [other]) => one.localeCompare(other)),
  );
}
