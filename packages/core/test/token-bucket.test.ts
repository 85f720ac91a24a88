/** The rate limiter, against the arithmetic it promises. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { TokenBucket } from "../src/token-bucket.ts";
import { holds } from "./property.ts";

const anyRate = fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.constantFrom(3, 7, 50, 262_144));
const anyBurst = fc.oneof(fc.integer({ min: 1, max: 1_000 }), fc.constantFrom(1, 50, 262_144));
const anyPause = fc.oneof(fc.nat(100), fc.double({ min: 0, max: 5_000, noNaN: true }), fc.constant(0));
const anyTakes = fc.array(fc.tuple(anyPause, fc.oneof(fc.constant(1), fc.nat(2_000))), { maxLength: 60 });

it("gives a burst at once, and then the rate", () => {
  const bucket = new TokenBucket(10, 50, 0);
  for (let n = 0; n < 50; n++) expect(bucket.take(1, 0)).toBe(0);
  expect(bucket.take(1, 0)).toBe(100);
  expect(bucket.take(1, 95)).toBeGreaterThanOrEqual(5);
  expect(bucket.take(1, 100)).toBe(0);
  expect(bucket.take(1, 100)).toBe(100);
});

it("never holds more than the burst, however long nobody takes", () => {
  const bucket = new TokenBucket(10, 5, 0);
  for (let n = 0; n < 5; n++) expect(bucket.take(1, 1e9)).toBe(0);
  expect(bucket.take(1, 1e9)).toBe(100);
});

it("lets through what is larger than the burst when it is full, and is then empty", () => {
  const bucket = new TokenBucket(10, 50, 0);
  expect(bucket.take(1_000, 0)).toBe(0);
  expect(bucket.take(50, 0)).toBe(5_000);
  expect(bucket.take(0, 0)).toBe(0);
});

it("takes nothing when it refuses", () => {
  holds(
    fc.property(anyRate, anyBurst, fc.nat(50), (rate, burst, tries) => {
      const [tried, untried] = [new TokenBucket(rate, burst, 0), new TokenBucket(rate, burst, 0)];
      for (const bucket of [tried, untried]) bucket.take(burst, 0);
      for (let n = 0; n < tries; n++) tried.take(1, 0);
      expect(tried.take(1, 0)).toBe(untried.take(1, 0));
    }),
    1_000,
  );
});

it("never gives more than the burst and what has flowed in since, whatever is taken when", () => {
  holds(
    fc.property(anyRate, anyBurst, anyTakes, (rate, burst, takes) => {
      const bucket = new TokenBucket(rate, burst, 0);
      let now = 0;
      let given = 0;
      for (const [pause, amount] of takes) {
        now += pause;
        if (bucket.take(amount, now) === 0) given += Math.min(amount, burst);
        expect(given).toBeLessThanOrEqual(burst + (now * rate) / 1_000 + 1e-5);
      }
    }),
    5_000,
  );
});

it("names a whole number of milliseconds after which the same succeeds, and no more than one too many", () => {
  holds(
    fc.property(anyRate, anyBurst, anyTakes, (rate, burst, takes) => {
      const bucket = new TokenBucket(rate, burst, 0);
      let now = 0;
      for (const [pause, amount] of takes) {
        now += pause;
        const wait = bucket.take(amount, now);
        expect(Number.isSafeInteger(wait)).toBe(true);
        if (wait === 0) continue;
        if (wait > 2) expect(bucket.take(amount, now + wait - 2)).toBeGreaterThan(0);
        now += wait;
        expect(bucket.take(amount, now)).toBe(0);
      }
    }),
    5_000,
  );
});
