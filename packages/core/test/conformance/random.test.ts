import { seededRandom } from "@bellwire/core/conformance";
import { expect, it } from "vitest";

it("gives the same draws for the same seed and others for another", () => {
  const draw = (seed: number) => {
    const random = seededRandom(seed);
    return Array.from({ length: 50 }, () => random.int(1_000));
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

it("spreads its draws evenly", () => {
  const random = seededRandom(1);
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let n = 0; n < 100_000; n++) buckets[random.int(10)]! += 1;
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(500);
});

it("keeps a fork's draws apart from its parent's", () => {
  const parent = seededRandom(3);
  const fork = parent.fork();
  const expected = seededRandom(3);
  const sibling = expected.fork();
  for (let n = 0; n < 10; n++) fork.next();
  expect(parent.next()).toBe(expected.next());
  expect(sibling.next()).toBe(seededRandom(3).fork().next());
});

it("picks only from what there is", () => {
  const random = seededRandom(5);
  for (let n = 0; n < 100; n++) expect(["a", "b"]).toContain(random.pick(["a", "b"]));
  expect(() => random.pick([])).toThrow(RangeError);
});
