import { describe, expect, it } from "vitest";
import { decide } from "../../src/decide/decision.ts";
import { measurementOf } from "../../src/decide/evidence.ts";
import { CRITERIA, type CriterionId, type OptionId } from "../../src/decide/matrix.ts";
import {
  rank,
  scoreOf,
  type Value,
  type Values,
  valueOfCost,
  valueOfRatio,
  valuesOf,
} from "../../src/decide/score.ts";
import { sensitivityOf } from "../../src/decide/sensitivity.ts";
import { type Weights, weightsFor } from "../../src/decide/weights.ts";
import { matrix, needs, prices, results } from "./example.ts";

const exactly = (value: number): Value => ({ low: value, high: value, refs: [] });

function weights(given: Partial<Record<CriterionId, number>>): Weights {
  return Object.fromEntries(
    CRITERIA.map((id) => [id, { value: given[id] ?? 0, refs: [] }]),
  ) as unknown as Weights;
}

function values(given: Partial<Record<OptionId, Partial<Record<CriterionId, Value>>>>): Values {
  const of = (own: Partial<Record<CriterionId, Value>>) =>
    Object.fromEntries(CRITERIA.map((id) => [id, own[id] ?? exactly(0)]));
  return Object.fromEntries(Object.entries(given).map(([id, own]) => [id, of(own)])) as unknown as Values;
}

describe("a value", () => {
  it.each([
    [0.25, 4],
    [0.5, 4],
    [1, 3],
    [2, 2],
    [8, 0],
    [100, 0],
  ])("of %f times the control is %i", (ratio, value) => {
    expect(valueOfRatio(ratio)).toBe(value);
  });

  it("of a cost is best for the cheapest and one less for each doubling, ten dollars apart", () => {
    expect(valueOfCost(0, 0)).toBe(4);
    expect(valueOfCost(10, 0)).toBe(3);
    expect(valueOfCost(30, 10)).toBe(3);
    expect(valueOfCost(1e9, 0)).toBe(0);
  });

  it("compares a figure with the control of its own scenario, and with no other", () => {
    const measured = results({
      "fan-out": { "server-cpu-1 µs": { raw: 10, "Bellwire ws": 20 } },
      latency: { "p99 ms": { "Bellwire ws": 3 } },
    });
    const evidence = { results: measured, proxies: "none" } as const;
    expect(measurementOf(evidence, matrix.options.ws, "fan-out/server-cpu-1")?.ratio).toBe(2);
    expect(measurementOf(evidence, matrix.options.ws, "latency/p99")?.ratio).toBeUndefined();
  });

  it("is unknown where nothing was measured, where the row is worth nothing, and where users have another network", () => {
    const measured = results({
      latency: { "p99 ms": { raw: 3, "Bellwire socketio": 3, "Bellwire sse": 3 } },
    });
    const of = (proxies: "none" | "strict", option: OptionId) =>
      measurementOf({ results: measured, proxies }, matrix.options[option], "latency/p99");
    expect(of("none", "socketio")).toBeDefined();
    expect(of("strict", "socketio")).toBeUndefined();
    expect(of("strict", "fallback")?.value).toBe(3);
    expect(of("none", "pusher")).toBeUndefined();
    const [scenario] = measured.scenarios;
    const invalid = scenario?.rows.map((row) => ({ ...row, invalid: "the sender was late" })) ?? [];
    const ill = { ...measured, scenarios: [{ ...scenario, rows: invalid }] } as typeof measured;
    expect(
      measurementOf({ results: ill, proxies: "none" }, matrix.options.sse, "latency/p99"),
    ).toBeUndefined();
  });

  it("does not judge the vendor by its emulator", () => {
    const measured = results({ latency: { "p99 ms": { raw: 3, "Bellwire pusher (emulator)": 3 } } });
    const { values: found } = decide({
      needs: needs(),
      matrix,
      prices,
      results: measured,
      date: "2026-11-21",
    });
    expect(found.pusher.latency).toMatchObject({ low: 0, high: 4 });
  });

  it("that is unknown may be anything, and the parts that are known narrow it", () => {
    const costs = decide({ needs: needs(), matrix, prices, results: undefined, date: "2026-11-21" }).costs;
    const measured = results({ "fan-out": { "server-cpu-1 µs": { raw: 10, "Bellwire ws": 10 } } });
    const { ws, sse } = valuesOf(matrix, costs, { results: measured, proxies: "none" });
    expect(sse.efficiency).toMatchObject({ low: 0, high: 4 });
    expect(ws.efficiency.low).toBeCloseTo(1, 9);
    expect(ws.efficiency.high).toBeCloseTo((3 + 4 + 4) / 3, 9);
  });
});

describe("a score", () => {
  it("is the weighted mean", () => {
    const { ws } = values({ ws: { ease: exactly(4), sync: exactly(1) } });
    expect(scoreOf(ws, weights({ ease: 1, sync: 2 }))).toBe(2);
  });

  it("counts an unknown value as the middle of its range, and shows the range", () => {
    const given = values({ ws: { ease: { low: 0, high: 4, refs: [] }, sync: exactly(3) } });
    expect(rank(["ws"], given, weights({ ease: 1, sync: 1 }))).toEqual([
      { option: "ws", score: 2.5, low: 1.5, high: 3.5 },
    ]);
  });

  it("ranks the best first", () => {
    const given = values({ ws: { ease: exactly(1) }, sse: { ease: exactly(2) } });
    expect(rank(["ws", "sse"], given, weights({ ease: 1 })).map(({ option }) => option)).toEqual([
      "sse",
      "ws",
    ]);
  });
});

describe("weights", () => {
  it("begin at 1, are raised by answers, and name the answer", () => {
    const found = weightsFor(needs({ history: "needed", operator: "operations", proxies: "strict" }));
    expect(found.sync).toEqual({ value: 4, refs: [{ kind: "answer", key: "history" }] });
    expect(found.reach).toEqual({ value: 5, refs: [{ kind: "answer", key: "proxies" }] });
    expect(found.community).toEqual({ value: 1, refs: [] });
  });

  it("are zero for criteria that the answers make irrelevant", () => {
    expect(weightsFor(needs({ proxies: "none" })).reach.value).toBe(0);
    expect(weightsFor(needs({ platforms: ["browser"] })).platforms.value).toBe(0);
  });

  it("are the user's own where they are given", () => {
    expect(weightsFor(needs({ history: "needed", weights: { sync: 0.5 } })).sync.value).toBe(0.5);
  });
});

describe("sensitivity", () => {
  // ws leads by 1 on ease and lies 0.5 behind on sync.
  const given = values({
    ws: { ease: exactly(3), sync: exactly(2) },
    sse: { ease: exactly(2), sync: exactly(2.5) },
  });
  const found = (own: Partial<Record<CriterionId, number>>, seed = 1) =>
    sensitivityOf(rank(["ws", "sse"], given, weights(own)), given, weights(own), { draws: 2_000, seed });

  it("finds the weight at which the lead changes hands", () => {
    // 1 × ease = 0.5 × sync: with ease at 1, sync at 2; with sync at 1, ease at 0.5
    const { flips, margin } = found({ ease: 1, sync: 1 });
    expect(margin).toBeCloseTo(0.25, 9);
    expect(flips).toHaveLength(2);
    expect(flips).toContainEqual({ criterion: "sync", from: 1, at: 2, to: "sse" });
    expect(flips).toContainEqual({ criterion: "ease", from: 1, at: 0.5, to: "sse" });
  });

  it("finds none where no weight can turn the ranking", () => {
    const ahead = values({
      ws: { ease: exactly(3), sync: exactly(3) },
      sse: { ease: exactly(2), sync: exactly(2) },
    });
    const own = weights({ ease: 1, sync: 1 });
    const { flips, wins } = sensitivityOf(rank(["ws", "sse"], ahead, own), ahead, own, { draws: 100 });
    expect(flips).toEqual([]);
    expect(wins.ws).toBeCloseTo(1, 9);
  });

  it("draws the same shares from the same seed, and they add up to one", () => {
    const { wins } = found({ ease: 1, sync: 1 });
    expect(found({ ease: 1, sync: 1 }).wins).toEqual(wins);
    expect((wins.ws ?? 0) + (wins.sse ?? 0)).toBeCloseTo(1, 9);
    expect(wins.ws).toBeGreaterThan(0.6);
    expect(wins.sse).toBeGreaterThan(0.02);
    expect(found({ ease: 1, sync: 1 }, 2).wins).not.toEqual(wins);
  });

  it("gives equals with wide unknowns each its share", () => {
    const unknown = { ease: { low: 0, high: 4, refs: [] } };
    const equal = values({ ws: unknown, sse: unknown });
    const own = weights({ ease: 1 });
    const { wins } = sensitivityOf(rank(["ws", "sse"], equal, own), equal, own, { draws: 4_000 });
    expect(wins.ws).toBeGreaterThan(0.45);
    expect(wins.ws).toBeLessThan(0.55);
  });
});
