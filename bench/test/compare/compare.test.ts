import { describe, expect, it } from "vitest";
import { type Comparison, compareResults } from "../../src/compare/compare.ts";
import { comparisonMarkdown, comparisonText } from "../../src/compare/report.ts";
import type { Results, Row, ScenarioResult } from "../../src/results.ts";
import { type Noise, type NoisyPlan, noisyRun } from "./noisy-run.ts";

const PLAN: NoisyPlan = { rounds: 60, starts: 5, costs: { "Bellwire ws": 0.85, "Bellwire sse": 0.8 } };
const OPTIONS = { threshold: 0.1 };
const QUIET: Noise = { slice: 0.05, start: 0.01, round: 0.2, drift: 0, spikes: 0.01 };
const TRIES = 200;

function slower(factor: number): NoisyPlan {
  return { ...PLAN, costs: { ...PLAN.costs, "Bellwire ws": 0.85 * factor } };
}

/** The run with its one scenario changed. */
function withScenario(run: Results, change: (scenario: ScenarioResult) => Partial<ScenarioResult>): Results {
  return { ...run, scenarios: run.scenarios.map((scenario) => ({ ...scenario, ...change(scenario) })) };
}

/** The run with one row changed. */
function withRow(run: Results, contender: string, change: (row: Row) => Partial<Row>): Results {
  const changed = (row: Row): Row => (row.contender === contender ? { ...row, ...change(row) } : row);
  return withScenario(run, ({ rows }) => ({ rows: rows.map(changed) }));
}

/** The row's figures, all of them times a factor. */
function times(factor: number): (row: Row) => Partial<Row> {
  return ({ figures }) => ({
    figures: Object.fromEntries(
      Object.entries(figures).map(([id, { value, samples }]) => [
        id,
        { value, samples: samples.map((sample) => ({ ...sample, value: sample.value * factor })) },
      ]),
    ),
  });
}

function anyChange({ changes }: Comparison): boolean {
  return changes.some(({ outcome }) => outcome === "regression" || outcome === "improvement");
}

/** The verdicts of ws. */
function outcomes({ changes }: Comparison): string[] {
  return changes.filter(({ contender }) => contender === "Bellwire ws").map(({ outcome }) => outcome);
}

const MACHINES: readonly (readonly [name: string, noise: Noise])[] = [
  ["a quiet machine", { slice: 0.05, start: 0.02, round: 0.1, drift: 0, spikes: 0.01 }],
  ["a machine whose slices differ wildly", { slice: 0.12, start: 0.01, round: 0.3, drift: 0, spikes: 0.02 }],
  [
    "processes that differ from start to start",
    { slice: 0.06, start: 0.03, round: 0.2, drift: 0, spikes: 0.02 },
  ],
  ["a machine whose ratios drift", { slice: 0.08, start: 0.01, round: 0.2, drift: 0.1, spikes: 0.02 }],
  [
    "a neighbour who hits every fifteenth slice",
    { slice: 0.08, start: 0.01, round: 0.2, drift: 0, spikes: 0.067 },
  ],
];

describe.each(MACHINES)("on %s", (_, noise) => {
  const pairs = Array.from({ length: TRIES }, (__, index) => index * 2 + 1);

  it("calls noise a change in at most 5 of 100 comparisons, whatever figures they have", () => {
    const alarms = pairs.filter((seed) =>
      anyChange(compareResults(noisyRun(PLAN, noise, seed), noisyRun(PLAN, noise, seed + 1), OPTIONS)),
    );
    expect(alarms.length / TRIES).toBeLessThanOrEqual(0.05);
  });

  it("finds a slow-down of 20 % in at least 95 of 100 comparisons", () => {
    const found = pairs.filter((seed) =>
      outcomes(
        compareResults(noisyRun(PLAN, noise, seed), noisyRun(slower(1.2), noise, seed + 1), OPTIONS),
      ).includes("regression"),
    );
    expect(found.length / TRIES).toBeGreaterThanOrEqual(0.95);
  });
});

describe("two runs", () => {
  const run = noisyRun(PLAN, QUIET, 1);
  const later = noisyRun(PLAN, QUIET, 2);

  it("of the same code have not changed, although the control itself is twice as dear", () => {
    const dearer = withScenario(later, ({ rows }) => ({
      rows: rows.map((row) => ({ ...row, ...times(2)(row) })),
    }));
    const comparison = compareResults(run, dearer, OPTIONS);
    expect(comparison.outcome).toBe("no change");
    expect(comparison.controls).toHaveLength(2);
  });

  it("tell a regression from an improvement", () => {
    expect(compareResults(run, noisyRun(slower(1.3), QUIET, 3), OPTIONS).outcome).toBe("regression");
    expect(compareResults(run, noisyRun(slower(0.7), QUIET, 3), OPTIONS).outcome).toBe("improvement");
  });

  it("judge by the threshold that is asked for", () => {
    const later30 = noisyRun(slower(1.3), QUIET, 3);
    expect(compareResults(run, later30, { threshold: 0.5 }).outcome).toBe("no change");
  });

  it("are undecided where the control differed from itself by as much", () => {
    const odd = withRow(noisyRun(slower(1.15), QUIET, 3), "loop, again (A/A)", times(1.3));
    expect(outcomes(compareResults(run, odd, OPTIONS))).toEqual(["undecided", "undecided"]);
  });

  it("are undecided where nothing was measured in enough rounds", () => {
    const short = { ...PLAN, rounds: 4 };
    const comparison = compareResults(noisyRun(short, QUIET, 1), noisyRun(short, QUIET, 2), OPTIONS);
    expect(comparison).toMatchObject({ outcome: "undecided", changes: [] });
    expect(comparison.unjudged).toHaveLength(4);
    expect(comparisonText(comparison)).toContain("Not judged, as that takes 5 rounds: fan-out ");
  });

  it("judge figures of enough rounds, and list the others", () => {
    const fewer = (of: Results): Results =>
      withRow(of, "Bellwire ws", ({ figures }) => ({
        figures: Object.fromEntries(
          Object.entries(figures).map(([id, figure]) => [
            id,
            { ...figure, samples: figure.samples.slice(0, 4) },
          ]),
        ),
      }));
    const comparison = compareResults(fewer(run), fewer(later), OPTIONS);
    expect(comparison.outcome).toBe("no change");
    expect(comparison.unjudged.map(({ contender }) => contender)).toEqual(["Bellwire ws", "Bellwire ws"]);
  });

  it("do not become undecided by figures that hardly vary", () => {
    const bytes = (of: Results, values: (index: number) => number): Results =>
      withScenario(of, (scenario) => ({
        metrics: [
          ...scenario.metrics,
          { id: "bytes", label: "B", unit: "B", better: "lower", digits: 0, compared: true },
        ],
        rows: scenario.rows.map((row) => ({
          ...row,
          figures: {
            ...row.figures,
            bytes: {
              value: 100,
              samples: Array.from({ length: PLAN.rounds }, (_, index) => ({
                round: index + 1,
                value: row.kind === "wire" ? values(index) : 100,
              })),
            },
          },
        })),
      }));
    // One start of five differs; of the rest, no more than the last digit.
    const hardly = (index: number): number => (index < 10 ? 104 : 100 + (index % 2) * 1e-13);
    expect(compareResults(bytes(run, hardly), bytes(later, hardly), OPTIONS).outcome).toBe("no change");
  });

  it("warn when a row without our code changed, and do not judge it", () => {
    const bare = (of: Results): Results => withRow(of, "Bellwire sse", () => ({ kind: "bare" }));
    const comparison = compareResults(bare(run), withRow(bare(later), "Bellwire sse", times(2)), OPTIONS);
    expect(comparison.outcome).toBe("no change");
    expect(comparison.warnings).toEqual(Array(2).fill(expect.stringContaining("Bellwire sse")));
  });

  it("warn of another processor, kernel or Node, and not of another commit", () => {
    const other = {
      ...later,
      fingerprint: { ...later.fingerprint, node: "v22.0.0", commit: "def5678", cpu: "else" },
    };
    expect(compareResults(run, other, OPTIONS).warnings.map((text) => text.split(" ")[0])).toEqual([
      "cpu",
      "node",
    ]);
  });

  it("list a contender that only one of them has", () => {
    const fewer = withScenario(later, ({ rows }) => ({ rows: rows.slice(0, -1) }));
    expect(compareResults(run, fewer, OPTIONS).warnings).toEqual([expect.stringContaining("Bellwire sse")]);
  });

  it.each(["lost", "doubled", "disordered", "stray"] as const)(
    "are a regression when one is newly %s",
    (fault) => {
      const account = {
        expected: 1_000,
        delivered: 1_000,
        lost: 0,
        doubled: 0,
        disordered: 0,
        stray: 0,
        [fault]: 1,
      };
      const faulty = withRow(later, "Bellwire ws", () => ({ account }));
      expect(compareResults(run, faulty, OPTIONS).outcome).toBe("regression");
      expect(
        compareResults(
          withRow(run, "Bellwire ws", () => ({ account })),
          faulty,
          OPTIONS,
        ).outcome,
      ).toBe("no change");
      const bare = withRow(faulty, "Bellwire ws", () => ({ lossless: false }));
      const { outcome, deliveries } = compareResults(run, bare, OPTIONS);
      expect(outcome).toBe("no change");
      expect(deliveries).toHaveLength(1);
    },
  );

  it("are a regression when something newly went wrong", () => {
    const faulty = withRow(later, "Bellwire ws", () => ({ troubles: ["gap in a: evicted"] }));
    expect(compareResults(run, faulty, OPTIONS).outcome).toBe("regression");
  });
});

describe("runs that cannot be compared", () => {
  const run = noisyRun(PLAN, QUIET, 1);
  const cases: readonly (readonly [what: string, other: Results])[] = [
    ["version", { ...run, version: 2 as 1 }],
    ["profile", { ...run, profile: "quick" }],
    ["scenarios", { ...run, scenarios: [] }],
    ["workload", withScenario(run, () => ({ setup: "1,000 subscribers" }))],
    ["set of figures", withScenario(run, ({ metrics }) => ({ metrics: metrics.slice(1) }))],
    [
      "meaning of a figure",
      withScenario(run, ({ metrics }) => ({ metrics: metrics.map((metric) => ({ ...metric, unit: "ms" })) })),
    ],
  ];

  it.each(cases)("are refused: another %s", (_, other) => {
    expect(() => compareResults(run, other, OPTIONS)).toThrow(RangeError);
  });
});

describe("a comparison in words", () => {
  const comparison = compareResults(noisyRun(PLAN, QUIET, 1), noisyRun(slower(1.3), QUIET, 3), OPTIONS);

  it("states the outcome, and has every figure", () => {
    const text = comparisonText(comparison);
    expect(text.split("\n").at(-1)).toMatch(/^regression: 2 worse, 2 unchanged/);
    expect(text.match(/fan-out, Bellwire (ws|sse) /g)).toHaveLength(4);
  });

  it("shows changes before unchanged figures, for a pull request", () => {
    const [top = "", folded = ""] = comparisonMarkdown(comparison).split("<details>");
    expect(top).toContain("**regression: 2 worse");
    expect(top).toContain("Bellwire ws");
    expect(top).not.toContain("Bellwire sse");
    expect(folded).toContain("Bellwire sse");
  });
});
