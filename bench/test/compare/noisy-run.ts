/**
 * Runs of a machine that is made up: noise of several kinds, all from a seed, and a cost that is
 * known.
 */
import { type Random, seededRandom } from "../../src/measure/random.ts";
import { median } from "../../src/measure/stats.ts";
import type { MetricDefinition, Results, Row } from "../../src/results.ts";

/** How the machine disturbs. Shares of the cost. */
export interface Noise {
  /**
   * Of every slice by itself, with the heavy tails of Student's t with three degrees of freedom.
   */
  readonly slice: number;
  /** Of every process over its life. */
  readonly start: number;
  /** Of a round, control and subject alike. */
  readonly round: number;
  /** How far a ratio moves from the first round to the last. */
  readonly drift: number;
  /** How often a slice is hit by something that costs twice to four times as much. */
  readonly spikes: number;
}

export interface NoisyPlan {
  readonly rounds: number;
  readonly starts: number;
  /** The cost of each transport, in controls. */
  readonly costs: Readonly<Record<string, number>>;
}

export const FIGURES: readonly MetricDefinition[] = [1, 8].map((burst) => ({
  id: `server-cpu-${burst}`,
  label: `server µs, ${burst} per tick`,
  unit: "µs",
  better: "lower",
  digits: 2,
  compared: true,
}));

/** A run of the machine. The same seed is the same run. */
export function noisyRun(plan: NoisyPlan, noise: Noise, seed: number): Results {
  const random = seededRandom(seed);
  const rounds = Array.from({ length: plan.rounds }, () => 4 * Math.exp(noise.round * normal(random)));
  const row = (contender: string, kind: Row["kind"], cost: number, caveats: readonly string[] = []): Row => ({
    contender,
    kind,
    caveats,
    account: { expected: 1_000, delivered: 1_000, lost: 0, doubled: 0, disordered: 0, stray: 0 },
    lossless: true,
    invalid: undefined,
    troubles: [],
    curves: [],
    figures: Object.fromEntries(
      FIGURES.map(({ id }) => {
        const samples = series(
          rounds,
          cost,
          plan.starts,
          kind === "control" ? 0 : noise.drift,
          noise,
          random,
        );
        return [id, { value: median(samples.map(({ value }) => value)), samples }];
      }),
    ),
  });
  return {
    version: 1,
    startedAt: "2026-11-21T00:00:00.000Z",
    seconds: 60,
    profile: "full",
    fingerprint: {
      cpu: "made up",
      cores: 2,
      kernel: "Linux 1",
      node: "v20.20.2",
      ws: "8.23.0",
      bellwire: "0.1.0",
      commit: "abc1234",
      seed,
      load: 0,
    },
    scenarios: [
      {
        name: "fan-out",
        title: "Fan-out",
        setup: "300 subscribers",
        metrics: FIGURES,
        verdicts: [],
        notes: [],
        rows: [
          row("loop", "control", 1),
          row("loop, again (A/A)", "control", 1, ["A/A"]),
          ...Object.entries(plan.costs).map(([name, cost]) => row(name, "wire", cost)),
        ],
      },
    ],
  };
}

function series(
  rounds: readonly number[],
  cost: number,
  starts: number,
  drift: number,
  noise: Noise,
  random: Random,
): { round: number; value: number }[] {
  const lives = Array.from({ length: starts }, () => Math.exp(noise.start * normal(random)));
  return rounds.map((base, index) => {
    const life = lives[Math.floor((index * starts) / rounds.length)] ?? 1;
    const moved = Math.exp(drift * (index / rounds.length - 0.5));
    const spike = random.next() < noise.spikes ? 2 + 2 * random.next() : 1;
    return {
      round: index + 1,
      value: base * cost * life * moved * spike * Math.exp(noise.slice * heavy(random)),
    };
  });
}

/** Normal, by Box and Muller. */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** Student's t with three degrees of freedom, scaled to the quartiles of a normal distribution. */
function heavy(random: Random): number {
  const squares = normal(random) ** 2 + normal(random) ** 2 + normal(random) ** 2;
  return (0.88 * normal(random)) / Math.sqrt(squares / 3);
}
