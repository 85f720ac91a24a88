import { describe, expect, it } from "vitest";
import { seededRandom } from "../src/measure/random.ts";
import { bootstrapMedian, median, pairedRatios, quantile } from "../src/measure/stats.ts";

describe("statistics", () => {
  it("takes the middle of odd and even samples", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(median([])).toBeNaN();
  });

  it("takes quantiles as R does by default (type 7)", () => {
    const sample = [15, 20, 35, 40, 50];
    expect(quantile(sample, 0)).toBe(15);
    expect(quantile(sample, 1)).toBe(50);
    expect(quantile(sample, 0.4)).toBeCloseTo(29, 10);
    expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.25)).toBeCloseTo(3.25, 10);
  });

  it("gives the same interval for the same seed, around the median", () => {
    const sample = [0.9, 0.95, 1, 1.02, 1.1, 1.3, 0.8];
    const first = bootstrapMedian(sample, seededRandom(7));
    expect(bootstrapMedian(sample, seededRandom(7))).toEqual(first);
    expect(first.median).toBe(1);
    expect(first.low).toBeGreaterThanOrEqual(0.8);
    expect(first.low).toBeLessThan(1);
    expect(first.high).toBeGreaterThan(1);
    expect(first.high).toBeLessThanOrEqual(1.3);
  });

  it("covers the true median in about 95 of 100 samples", () => {
    const random = seededRandom(1);
    let covered = 0;
    for (let trial = 0; trial < 300; trial += 1) {
      const sample = Array.from({ length: 15 }, () => random.next());
      const { low, high } = bootstrapMedian(sample, random, 300);
      if (low <= 0.5 && 0.5 <= high) covered += 1;
    }
    expect(covered / 300).toBeGreaterThan(0.88);
    expect(covered / 300).toBeLessThan(0.99);
  });

  it("pairs within rounds and leaves out rounds that only one side has", () => {
    expect(pairedRatios([2, undefined, 9], [4, 5, 3])).toEqual([0.5, 3]);
    expect(pairedRatios([2, 3], [4])).toEqual([0.5]);
  });
});

describe("seeded chance", () => {
  it("draws mulberry32's numbers", () => {
    const random = seededRandom(1);
    expect([random.next(), random.next(), random.next()]).toEqual([
      0.6270739405881613, 0.002735721180215478, 0.5274470399599522,
    ]);
  });

  it("stays within its bounds and reaches both", () => {
    const random = seededRandom(3);
    const drawn = new Set(Array.from({ length: 200 }, () => random.between(2, 5)));
    expect([...drawn].toSorted((a, b) => a - b)).toEqual([2, 3, 4, 5]);
  });

  it("shuffles without losing anything", () => {
    const items = Array.from({ length: 50 }, (_, index) => index);
    const shuffled = seededRandom(5).shuffled(items);
    expect(shuffled).not.toEqual(items);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
  });
});
