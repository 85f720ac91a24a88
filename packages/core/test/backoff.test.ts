/** Delays between attempts: their bounds, and how they spread. */
import { seededRandom } from "@bellwire/core/conformance";
import fc from "fast-check";
import { expect, it } from "vitest";
import { backoff } from "../src/client/backoff.ts";
import { holds } from "./property.ts";

const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it("starts at up to half a second, doubles, and stays at up to 20 seconds", () => {
  const bounds = [0, 1, 2, 3, 4, 5, 6, 100, 1_000_000].map((attempt) => backoff(attempt, 1, {}));
  expect(bounds).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000]);
});

it("is at least 0 and below its bound, also where the base is over the cap", () => {
  const anyOptions = fc.record({ base: fc.integer({ min: 1 }), cap: fc.integer({ min: 1 }) });
  holds(
    fc.property(fc.nat(), anyRandom, anyOptions, (attempt, random, options) => {
      const delay = backoff(attempt, random, options);
      expect(delay).toBeGreaterThanOrEqual(0);
      expect(delay).toBeLessThan(Math.min(options.cap, options.base * 2 ** Math.min(attempt, 60)));
    }),
    10_000,
  );
});

it.each([0, 3, 6, 20])(
  "spreads evenly over its bound at attempt %i: no tenth gets twice its share",
  (attempt) => {
    const random = seededRandom(attempt + 1);
    const bound = backoff(attempt, 1, {});
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let n = 0; n < 20_000; n++) {
      const tenth = Math.floor((backoff(attempt, random.next(), {}) / bound) * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    for (const count of tenths) expect(count / 2_000).toBeLessThan(2);
    expect(Math.min(...tenths) / 2_000).toBeGreaterThan(0.5);
  },
);

it("never lets a storm of 5,000 clients put more than three times the mean into one second", () => {
  // Every attempt fails, as when a hub stays away: who tries when, until everybody tries every 20
  // seconds at most.
  const random = seededRandom(7);
  const seconds = new Map<number, number>();
  for (let client = 0; client < 5_000; client++) {
    let now = 0;
    for (let attempt = 0; now < 120_000; attempt++) {
      now += backoff(attempt, random.next(), {});
      // Before that everybody still has the short delays of the first attempts.
      if (now < 20_000 || now >= 120_000) continue;
      const second = Math.floor(now / 1_000);
      seconds.set(second, (seconds.get(second) ?? 0) + 1);
    }
  }
  const counts = Array.from(seconds.values());
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  expect(counts).toHaveLength(100);
  expect(Math.max(...counts)).toBeLessThan(3 * mean);
});
