import { describe, expect, it } from "vitest";
import { centre, changeBetween, type LogRatios, logRatios } from "../../src/compare/change.ts";
import { type Case, withHolm } from "../../src/compare/judge.ts";
import { criticalT, twoSided } from "../../src/compare/student.ts";
import { seededRandom } from "../../src/measure/random.ts";

describe("Student's t distribution", () => {
  it.each([
    [0.05, 1, 12.706],
    [0.05, 8, 2.306],
    [0.01, 4, 4.604],
    [0.05, 30, 2.042],
    [0.05, 100_000, 1.96],
    [0.05, 1e15, 1.96],
    [0.05, 1e57, 1.96],
  ])("is at %d for %d degrees of freedom as in the tables", (probability, degrees, t) => {
    expect(criticalT(probability, degrees)).toBeCloseTo(t, 3);
    expect(twoSided(criticalT(probability, degrees), degrees)).toBeCloseTo(probability, 7);
  });

  it("calls no difference certain chance", () => {
    expect(twoSided(0, 5)).toBe(1);
  });
});

describe("pairing with the control", () => {
  it("takes the mean of the control's rows in the same round, and leaves out rounds that one lacks", () => {
    const subject = [3, 1, 2, 9].map((round) => ({ round, value: 6 }));
    const first = [1, 2, 3, 4].map((round) => ({ round, value: 2 * round }));
    const again = [{ round: 2, value: 8 }];
    const { rounds, values } = logRatios(subject, [first, again]);
    expect(rounds).toEqual([1, 2, 3]);
    expect(values.map(Math.exp)).toEqual([3, 1, 1].map((ratio) => expect.closeTo(ratio, 10)));
  });

  it("leaves out samples without a ratio", () => {
    const zero = [{ round: 1, value: 0 }];
    expect(logRatios(zero, [[{ round: 1, value: 1 }]]).values).toEqual([]);
    expect(logRatios([{ round: 1, value: 1 }], [zero]).values).toEqual([]);
  });
});

describe("the middle of a run", () => {
  it("is not moved by outliers", () => {
    expect(centre([1, 2, 3, 4, 5]).value).toBe(3);
    expect(centre([1, 2, 3, 4, 5_000]).value).toBe(3);
    expect(centre([1, 2, 3, 4, 5_000]).variance).toBe(centre([1, 2, 3, 4, 5]).variance);
  });

  it("has a standard error that is true", () => {
    const random = seededRandom(4);
    const draws = Array.from({ length: 2_000 }, () =>
      centre(Array.from({ length: 40 }, () => random.next())),
    );
    const spread = draws.reduce((sum, { value }) => sum + (value - 0.5) ** 2, 0) / draws.length;
    const said = draws.reduce((sum, { variance }) => sum + variance, 0) / draws.length;
    expect(said / spread).toBeGreaterThan(0.85);
    expect(said / spread).toBeLessThan(1.15);
  });
});

function ratios(values: readonly number[]): LogRatios {
  return { rounds: values.map((_, index) => index + 1), values };
}

describe("a change", () => {
  it("is not told from fewer than five rounds", () => {
    expect(changeBetween(ratios([0, 0, 0, 0]), ratios([1, 1, 1, 1, 1]))).toBeUndefined();
    expect(changeBetween(ratios([0, 0, 0, 0, 0]), ratios([1, 1, 1, 1, 1]))).toBeDefined();
  });

  it("of a figure that never varies is known exactly", () => {
    expect(changeBetween(ratios([1, 1, 1, 1, 1]), ratios([1, 1, 1, 1, 1]))?.chance).toBe(1);
    const change = changeBetween(ratios([1, 1, 1, 1, 1]), ratios([2, 2, 2, 2, 2]));
    expect(change).toEqual({ estimate: 1, low: 1, high: 1, chance: 0 });
  });

  it("is known less well when the starts of the processes differ than when the rounds do", () => {
    const values = Array.from({ length: 50 }, (_, index) => (Math.floor(index / 10) - 2) / 10);
    const inTurns = values.map((_, index) => ((index % 5) - 2) / 10);
    const width = (of: readonly number[]): number => {
      const change = changeBetween(ratios(of), ratios(of));
      return (change?.high ?? 0) - (change?.low ?? 0);
    };
    expect(width(values)).toBeGreaterThan(2 * width(inTurns));
  });
});

describe("the verdict", () => {
  const least = Math.log(1.1);
  const one = (estimate: number, chance: number, more: Partial<Case> = {}): Case => ({
    change: { estimate, low: estimate - 0.05, high: estimate + 0.05, chance },
    invalid: undefined,
    worse: 1,
    doubt: 0,
    ...more,
  });
  const outcome = (...cases: Case[]): string[] => withHolm(cases, least).map((judged) => judged.outcome);

  it("depends on which way is worse", () => {
    const [up, down] = [one(0.2, 0.001), one(-0.2, 0.001)];
    expect(outcome(up, down)).toEqual(["regression", "improvement"]);
    expect(outcome({ ...up, worse: -1 }, { ...down, worse: -1 })).toEqual(["improvement", "regression"]);
  });

  it("is no change below the least change that counts, however sure that is", () => {
    expect(outcome(one(0.09, 1e-9))).toEqual(["no change"]);
  });

  it("is undecided when chance would make as much somewhere in a report of that many figures", () => {
    const rest = Array.from({ length: 9 }, () => one(0, 0.9));
    expect(outcome(one(0.2, 0.02))).toEqual(["regression"]);
    expect(outcome(one(0.2, 0.02), ...rest)[0]).toBe("undecided");
    expect(outcome(one(0.2, 0.004), ...rest)[0]).toBe("regression");
  });

  it("is undecided when the interval is too wide for its silence to mean anything", () => {
    expect(
      outcome(one(0.02, 0.8, { change: { estimate: 0.02, low: -0.3, high: 0.34, chance: 0.8 } })),
    ).toEqual(["undecided"]);
  });

  it("is undecided when the control's difference from itself reaches over it", () => {
    expect(outcome(one(0.12, 0.001, { doubt: 0.06 }))).toEqual(["undecided"]);
    expect(outcome(one(0.2, 0.001, { doubt: 0.06 }))).toEqual(["regression"]);
    expect(outcome(one(0.02, 0.5, { doubt: 0.06 }))).toEqual(["no change"]);
  });

  it("is undecided where figures are worth nothing, and those do not count among the comparisons", () => {
    const ill = one(0.2, 0.001, { invalid: "the sender was late" });
    const judged = withHolm([ill, one(0.2, 0.03)], least);
    expect(judged).toEqual([
      { outcome: "undecided", chance: undefined, reason: "the sender was late" },
      { outcome: "regression", chance: 0.03, reason: undefined },
    ]);
  });
});
