import { describe, expect, it } from "vitest";
import { countedOf, MOST_RERUNS, Reruns } from "../src/drive/reruns.ts";
import type { SenderHealth } from "../src/drive/sender.ts";
import { rerunNotes } from "../src/report/figures.ts";
import { exampleResults } from "./fixtures/results.ts";

const WELL: SenderHealth = { sent: 100, late: 0, worst: 1, loopDelay: 0 };
const LATE: SenderHealth = { ...WELL, late: 30, worst: 40 };
const HELD_UP: SenderHealth = { ...WELL, loopDelay: 60 };

/**
 * Runs a slice whose sender does as told, one time after the other, and remains as it was the last
 * time.
 */
async function ran(reruns: Reruns, ...health: readonly SenderHealth[]) {
  const times: boolean[] = [];
  const slice = async (again: boolean): Promise<SenderHealth> => {
    times.push(again);
    return health[times.length - 1] ?? health.at(-1) ?? WELL;
  };
  const tried = await reruns.run(slice, (one) => one);
  return { ...tried, times };
}

const fresh = (slices = 100): Reruns => new Reruns(slices, async () => {});

describe("a slice", () => {
  it("is run once when its sender was well", async () => {
    expect(await ran(fresh(), WELL)).toEqual({ result: WELL, reruns: 0, times: [false] });
  });

  it("runs a slice again whose sender fell behind, and reports how often", async () => {
    expect(await ran(fresh(), LATE, HELD_UP, WELL)).toEqual({
      result: WELL,
      reruns: 2,
      times: [false, true, true],
    });
  });

  it("is called invalid when its sender fell behind every time, after a bounded number of reruns", async () => {
    const { result, reruns } = await ran(fresh(), LATE);
    expect(result).toBe(LATE);
    expect(reruns).toBe(MOST_RERUNS);
  });

  it("is run again only while its contender has reruns left, twice as many as slices", async () => {
    const reruns = fresh(2);
    expect((await ran(reruns, LATE)).reruns).toBe(MOST_RERUNS);
    expect((await ran(reruns, LATE)).reruns).toBe(1);
    expect((await ran(reruns, LATE)).reruns).toBe(0);
    expect((await ran(fresh(1), LATE)).reruns).toBe(MOST_RERUNS);
  });

  it("waits longer before each rerun, because a disturbance may last", async () => {
    const pauses: number[] = [];
    const reruns = new Reruns(100, async (milliseconds) => void pauses.push(milliseconds));
    await ran(reruns, LATE);
    expect(pauses).toEqual([50, 100, 200]);
  });
});

describe("a row", () => {
  const row = (...health: readonly SenderHealth[]) =>
    countedOf(
      health.map((result) => ({ result, reruns: 0 })),
      (one) => one,
    );

  it("is made of the slices whose sender was well, each in its round", () => {
    expect(row(WELL, LATE, WELL)).toEqual({ slices: [WELL, undefined, WELL], invalid: undefined });
  });

  it("is invalid when half of its slices or more fell behind, with the reason", () => {
    expect(row(WELL, LATE).invalid).toContain("30 of 200 sends");
    expect(row(LATE).invalid).toContain("30 of 100 sends");
    expect(row(WELL, HELD_UP).invalid).toContain("held up for 60 ms");
  });
});

describe("a report", () => {
  it("names the rows that were measured again, if any", () => {
    const [first, second] = exampleResults().scenarios[0]?.rows ?? [];
    if (!first || !second) throw new Error("no rows");
    expect(rerunNotes([first, second])).toEqual([]);
    const notes = rerunNotes([{ ...first, reruns: 2 }, second]);
    expect(notes).toEqual([`Run again, as the sender fell behind: ${first.contender} 2 times.`]);
    expect(rerunNotes([first, { ...second, reruns: 3, leftOut: 1 }])).toEqual([
      `Run again, as the sender fell behind: ${second.contender} 3 times (1 left out).`,
    ]);
  });
});
