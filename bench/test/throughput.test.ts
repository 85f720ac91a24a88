import { describe, expect, it } from "vitest";
import {
  type Attempt,
  highestHeld,
  lowestBroken,
  nextRate,
  type SearchPlan,
} from "../src/scenarios/throughput/search.ts";

const plan: SearchPlan = { first: 8_000, least: 125, most: 128_000, precision: 1.1 };

/** Searches a wire that keeps up with `limit` a second and never hiccups, unless `hiccup` says so. */
function search(
  limit: number,
  { hiccup = () => false, ...changes }: Partial<SearchPlan> & { hiccup?: (attempt: number) => boolean } = {},
): Attempt[] {
  const attempts: Attempt[] = [];
  for (;;) {
    const rate = nextRate(attempts, { ...plan, ...changes });
    if (rate === undefined) return attempts;
    attempts.push({ rate, held: rate <= limit && !hiccup(attempts.length) });
    if (attempts.length > 100) throw new Error("the search does not end");
  }
}

describe("the search for the knee", () => {
  it.each([150, 900, 8_000, 11_000, 31_999, 70_000, 127_000])(
    "finds a limit of %i per second to within its precision",
    (limit) => {
      const knee = highestHeld(search(limit)) ?? 0;
      expect(knee).toBeLessThanOrEqual(limit);
      expect(limit / knee).toBeLessThanOrEqual(plan.precision);
    },
  );

  it("offers nothing beyond its ends", () => {
    expect(search(1e9).map(({ rate }) => rate)).toEqual([8_000, 16_000, 32_000, 64_000, 128_000]);
    const least = search(0).map(({ rate }) => rate);
    expect(Math.min(...least)).toBe(125);
    expect(highestHeld(search(0))).toBeUndefined();
  });

  it("tries a rate that broke once more, so that a hiccup is not taken for the limit", () => {
    const attempts = search(40_000, { hiccup: (attempt) => attempt === 1 });
    expect(attempts.slice(0, 4).map(({ rate }) => rate)).toEqual([8_000, 16_000, 16_000, 32_000]);
    expect(highestHeld(attempts)).toBeGreaterThan(36_000);
  });

  it("takes a rate for broken when it broke twice", () => {
    const attempts = search(10_000);
    const broken = lowestBroken(attempts) ?? 0;
    expect(attempts.filter(({ rate }) => rate === broken)).toEqual([
      { rate: broken, held: false },
      { rate: broken, held: false },
    ]);
  });

  it("asks for fewer rates when it may be coarse", () => {
    expect(search(20_000, { precision: 1.5 }).length).toBeLessThan(search(20_000).length);
  });
});
