/** The fan-out's ratios, and whether the project's bars hold in this run. */
import type { Random } from "../../measure/random.ts";
import { bootstrapMedian, type Estimate, pairedRatios } from "../../measure/stats.ts";
import { decimal } from "../../report/table.ts";
import type { Verdict } from "../../results.ts";
import { BURSTS, type Burst, type FanOutResult } from "./fan-out.ts";

interface Bar {
  readonly wire: string;
  readonly burst: Burst;
  readonly most: number;
  /** Default: the usual loop. */
  readonly against?: string;
}

const SOCKETIO = { wire: "Bellwire socketio", against: "raw Socket.IO" };

/**
 * The most that a transport's CPU for each delivery may be, as a multiple of another contender's in
 * the same run.
 */
export const BARS: readonly Bar[] = [
  { wire: "Bellwire ws", burst: 1, most: 0.85 },
  { wire: "Bellwire sse", burst: 1, most: 1 },
  { wire: "Bellwire ws", burst: 8, most: 0.25 },
  { wire: "Bellwire sse", burst: 8, most: 0.25 },
  { ...SOCKETIO, burst: 1, most: 1.05 },
  { ...SOCKETIO, burst: 8, most: 0.3 },
];

/** For how many subscribers the bars are. */
export const BAR_SUBSCRIBERS = 1_000;

/** How far the control may be from itself before that counts as doubt about every figure. */
export const SAME: { readonly least: number; readonly most: number } = { least: 0.95, most: 1.05 };

/** A contender's cost in one kind of slice, relative to the usual loop or to another contender. */
export interface RelativeCost {
  readonly name: string;
  readonly burst: Burst;
  /** Undefined: the usual loop. */
  readonly against?: string | undefined;
  readonly ratio: Estimate;
}

function costs(result: FanOutResult, burst: Burst): (number | undefined)[] {
  const rounds: (number | undefined)[] = [];
  for (const slice of result.slices) if (slice.burst === burst) rounds[slice.round] = slice.serverCpu;
  return rounds;
}

/**
 * Ratios to the control, paired within rounds. The control ran twice in each round, and its mean is
 * steadier than either; only its second run is compared with its first alone, or it would be
 * compared with itself.
 */
export function relativeCosts(results: readonly FanOutResult[], random: Random): RelativeCost[] {
  const controls = results.filter(({ kind }) => kind === "control");
  const first = controls.find(({ again }) => !again);
  if (!first) return [];
  return BURSTS.flatMap((burst) => {
    const alone = costs(first, burst);
    const both = meanOfRounds(controls.map((control) => costs(control, burst)));
    const toLoop = results.map((result) => {
      const baseline = result.kind === "control" ? alone : both;
      return {
        name: result.name,
        burst,
        ratio: bootstrapMedian(pairedRatios(costs(result, burst), baseline), random),
      };
    });
    return [...toLoop, ...toOthers(results, burst, random)];
  });
}

/** The ratios of those bars that are not to the usual loop. */
function toOthers(results: readonly FanOutResult[], burst: Burst, random: Random): RelativeCost[] {
  return BARS.flatMap((bar) => {
    const of = results.find(({ name }) => name === bar.wire);
    const to = results.find(({ name }) => name === bar.against);
    if (bar.burst !== burst || !of || !to) return [];
    const ratio = bootstrapMedian(pairedRatios(costs(of, burst), costs(to, burst)), random);
    return [{ name: bar.wire, burst, against: bar.against, ratio }];
  });
}

function meanOfRounds(runs: readonly (readonly (number | undefined)[])[]): (number | undefined)[] {
  return (runs[0] ?? []).map((_, round) => {
    const all = runs.map((run) => run[round]).filter((cost) => cost !== undefined);
    return all.reduce((sum, cost) => sum + cost, 0) / all.length;
  });
}

/**
 * Judges the bars whose wires took part. They are for {@link BAR_SUBSCRIBERS}; a smaller run says
 * nothing about them.
 */
export function verdicts(
  results: readonly FanOutResult[],
  relative: readonly RelativeCost[],
  subscribers: number,
): Verdict[] {
  if (subscribers !== BAR_SUBSCRIBERS) return [];
  const again = results.find((result) => result.again);
  const find = (name: string, burst: Burst, against?: string): RelativeCost | undefined =>
    relative.find((cost) => cost.name === name && cost.burst === burst && cost.against === against);
  return BARS.flatMap(({ wire, burst, most, against }) => {
    const cost = find(wire, burst, against);
    if (!cost) return [];
    const same = (again && find(again.name, burst)?.ratio.median) ?? Number.NaN;
    const outcome = judge(cost.ratio, most, doubt(same));
    const reason = doubt(same) === 1 ? "" : `, while the control is ${decimal(same, 2)} of itself`;
    const measured = `${ratioText(cost.ratio)}, at most ${most}`;
    const of = against === undefined ? wire : `${wire} to ${against}`;
    return [{ text: `${of}, ${burstText(burst)}: ${measured}: ${outcome}${reason}`, outcome }];
  });
}

/**
 * By what factor figures may be wrong, going by the control: 1 when it was itself; infinite when it
 * did not run twice.
 */
function doubt(same: number): number {
  if (Number.isNaN(same)) return Number.POSITIVE_INFINITY;
  return same >= SAME.least && same <= SAME.most ? 1 : Math.max(same, 1 / same);
}

function judge({ median: middle }: Estimate, most: number, factor: number): Verdict["outcome"] {
  if (middle * factor <= most) return "holds";
  return middle / factor > most ? "missed" : "undecided";
}

function burstText(burst: Burst): string {
  return burst === 1 ? "one per tick" : `bursts of ${burst}`;
}

function ratioText({ median: middle, low, high }: Estimate): string {
  return `${decimal(middle, 2)} × [${decimal(low, 2)}–${decimal(high, 2)}]`;
}
