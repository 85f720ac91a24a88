import { describe, expect, it } from "vitest";
import { contender } from "../src/contenders/raw-ws-topics.ts";
import type { Drive } from "../src/drive/drive.ts";
import { seededRandom } from "../src/measure/random.ts";
import { Climb } from "../src/scenarios/throughput/climb.ts";
import { throughputRow } from "../src/scenarios/throughput/scenario.ts";
import {
  type Attempt,
  highestHeld,
  lowestBroken,
  nextRate,
  type SearchPlan,
} from "../src/scenarios/throughput/search.ts";

const PLAN: SearchPlan = { first: 8_000, least: 125, most: 128_000, precision: 1.1 };

/**
 * Searches a wire that keeps up with `limit` a second and never hiccups, unless `hiccup` says so.
 */
function search(
  limit: number,
  { hiccup = () => false, ...changes }: Partial<SearchPlan> & { hiccup?: (attempt: number) => boolean } = {},
): Attempt[] {
  const attempts: Attempt[] = [];
  for (;;) {
    const rate = nextRate(attempts, { ...PLAN, ...changes });
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
      expect(limit / knee).toBeLessThanOrEqual(PLAN.precision);
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

describe("a climb", () => {
  const plan = { ...PLAN, seconds: 0.1, objective: 50 };
  const entrant = { module: "file:///some.ts", contender };

  /**
   * A drive of a transport that keeps up with 20,000 a second; `disturbed` decides which offers
   * meet a machine that is busy with something else.
   */
  function climbOf(disturb: (offer: number) => boolean): Climb {
    let offers = 0;
    const drive: Pick<Drive, "play"> = {
      async play({ from, to, speed }) {
        const disturbed = disturb(offers);
        offers += 1;
        const delivered = to - from;
        const account = { expected: to, delivered: to, lost: 0, doubled: 0, disordered: 0, stray: 0 };
        const p99 = speed * 1_000 > 20_000 ? 90 : 2;
        const latency = { p50: 1, p99, p999: p99, max: p99 };
        return {
          report: { account, delivered, latency, percentiles: [], duration: 100, cpu: 20_000, troubles: [] },
          health: { sent: delivered, late: disturbed ? delivered : 0, worst: 1, loopDelay: 0 },
          server: { cpu: 20_000, bytes: 0 },
          notifications: delivered,
          failures: 0,
        };
      },
    };
    return new Climb(drive, plan, 1_000);
  }

  async function climbed(disturb: (offer: number) => boolean): Promise<Climb> {
    const climb = climbOf(disturb);
    let from = 0;
    for (let rate = climb.next; rate !== undefined; rate = climb.next) from = await climb.offer(rate, from);
    return climb;
  }

  it("ends at the highest rate that kept the objective", async () => {
    const { knee, broken } = await climbed(() => false);
    expect(20_000 / (knee?.rate ?? 0)).toBeLessThanOrEqual(plan.precision);
    expect(broken?.rate).toBeGreaterThan(20_000);
  });

  it("offers a rate again that met a busy machine", async () => {
    const climb = await climbed((offer) => offer === 1 || offer === 2);
    expect(climb.steps.slice(0, 4).map(({ rate }) => rate)).toEqual([8_000, 16_000, 16_000, 16_000]);
    expect(throughputRow(entrant, [climb], { random: seededRandom(1) }).invalid).toBeUndefined();
  });

  it("gives up on a machine that stays busy, and its row is invalid", async () => {
    const climb = await climbed((offer) => offer > 0);
    const row = throughputRow(entrant, [climb], { random: seededRandom(1) });
    expect(row.invalid).toContain("the generator was held up");
  });

  it("draws every rate that was offered with its p99, in order of the rates", async () => {
    const row = throughputRow(entrant, [await climbed(() => false)], { random: seededRandom(1) });
    const points = row.curves[0]?.points ?? [];
    expect(points.map(([rate]) => rate)).toEqual(points.map(([rate]) => rate).toSorted((a, b) => a - b));
    expect(points[0]).toEqual([8_000, 2]);
    expect(points.at(-1)).toEqual([32_000, 90]);
  });
});
