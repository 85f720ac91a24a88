/** The cost of an append: a hub's rate against the engine's bare command, and its latency. */
import { bootstrapMedian, median, pairedRatios, quantile } from "../measure/stats.ts";
import { startChild } from "../process/child.ts";
import type * as appendHalf from "./append-half.ts";
import type { Way } from "./append-half.ts";
import type { EngineAddress } from "./engine.ts";
import type { Figure } from "./figure.ts";
import type { Run } from "./run.ts";

const WAYS: readonly Way[] = ["bare", "hub", "hub with ids"];

interface Measured {
  readonly name: string;
  readonly bare: string;
  /** How many appends wait for their answer at a time. */
  readonly callers: number;
  /** Whether the latency at half of the rate is measured, too. */
  readonly isPaced: boolean;
}

const ENGINES: Readonly<Record<"redis" | "postgres", Measured>> = {
  redis: { name: "Redis", bare: "a bare `XADD`", callers: 1_024, isPaced: true },
  postgres: {
    name: "PostgreSQL",
    bare: "a bare `INSERT … RETURNING` that commits",
    callers: 64,
    isPaced: false,
  },
};

/** The figures of one engine. */
export async function appends(
  run: Run,
  address: Exclude<EngineAddress, { engine: "memory" }>,
): Promise<Figure[]> {
  const { name, bare, callers, isPaced } = ENGINES[address.engine];
  const { plan, random, progress } = run;
  const { rounds, slice, paced } = plan.append;
  const child = startChild(`appends through ${name}`);
  try {
    const half = await child.become<typeof appendHalf>(new URL("./append-half.ts", import.meta.url));
    await half.ask("open", address);
    progress.begin(address.engine, rounds * WAYS.length + WAYS.length + 1);
    const rates = new Map<Way, number[]>(WAYS.map((way) => [way, []]));
    for (let round = 0; round <= rounds; round += 1) {
      for (const way of random.shuffled(WAYS)) {
        progress.step(round === 0 ? `warming up, ${way}` : `${way}, round ${round} of ${rounds}`);
        const rate = await half.ask("burst", way, callers, slice);
        if (round > 0) rates.get(way)?.push(rate);
      }
    }
    const of = (way: Way): readonly number[] => rates.get(way) ?? [];
    const ratio = bootstrapMedian(pairedRatios(of("hub"), of("bare")), random);
    const withIds = bootstrapMedian(pairedRatios(of("hub with ids"), of("bare")), random);
    const raw = WAYS.map((way) => `${way}, per second: ${of(way).map(Math.round).join(" ")}`);
    const figures: Figure[] = [
      {
        what: `append through ${name}, of the rate of ${bare}`,
        value: ratio.median,
        text:
          `${times(ratio.median)} [${times(ratio.low)}–${times(ratio.high)}]: ` +
          `${thousands(median(of("hub")))} of ${thousands(median(of("bare")))} per second; with ids ${times(withIds.median)}`,
        bar: { least: 0.5 },
        stretch: isPaced ? { least: 0.8 } : undefined,
        unit: " ×",
        raw,
      },
    ];
    if (!isPaced) return figures;
    const rate = Math.round(median(of("hub")) / 2);
    progress.step(`${rate} per second`);
    const latencies = Array.from(await half.ask("paced", "hub", rate, paced));
    const at = (fraction: number): string => `${quantile(latencies, fraction).toFixed(1)} ms`;
    figures.push({
      what: `append through ${name} at half of that rate, p99`,
      value: quantile(latencies, 0.99),
      text: `${at(0.99)} at ${thousands(rate)} per second; p50 ${at(0.5)}`,
      bar: { most: 15 },
      unit: " ms",
      raw: [`${latencies.length} appends: p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, most ${at(1)}`],
    });
    return figures;
  } finally {
    progress.end();
    await child.stop();
  }
}

function times(ratio: number): string {
  return ratio.toFixed(2);
}

function thousands(rate: number): string {
  return rate >= 10_000 ? `${Math.round(rate / 1_000)} k` : `${(rate / 1_000).toFixed(1)} k`;
}
