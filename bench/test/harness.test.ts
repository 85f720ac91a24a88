/**
 * The benchmark measured itself: what a contender does wrong must show, and what the harness does
 * wrong must not count.
 */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Row } from "../src/results.ts";
import { type Bench, bench } from "./command.ts";

const FAULTY = ["doubling", "reordering", "pausing", "blocking"];

describe("the harness", () => {
  let run: Bench;
  let rows: readonly Row[] = [];
  let errors = "";
  let said = "";

  // 100 notifications of warm-up and 200 that count, in one round; each goes to four of forty
  // clients.
  beforeAll(async () => {
    const modules = FAULTY.flatMap((name) => [
      "--contender",
      fileURLToPath(new URL(`./faulty/${name}.ts`, import.meta.url)),
    ]);
    run = bench(["--scenario", "latency", "--rounds", "1", "--wire", "none", ...modules]);
    const { code, out, err } = await run.ended;
    expect(code, err).toBe(1);
    errors = err;
    said = out;
    rows = run.results().scenarios[0]?.rows ?? [];
  }, 90_000);
  afterAll(() => run.clear());

  function rowOf(contender: string): Row {
    const row = rows.find((one) => one.contender === contender);
    if (!row) throw new Error(`no row for ${contender}`);
    return row;
  }

  /** The deliveries due in a row: a slice that was run again counts as often as it was run. */
  const due = ({ reruns = 0 }: Row): number => 1_200 + 800 * reruns;

  it("finds nothing wrong with the control", () => {
    const row = rowOf("raw ws");
    expect(row.account).toEqual({
      expected: due(row),
      delivered: due(row),
      lost: 0,
      doubled: 0,
      disordered: 0,
      stray: 0,
    });
    expect(errors).not.toContain("FAILED latency: raw ws");
  });

  it("exposes a contender that doubles", () => {
    const row = rowOf("one in 100 doubled");
    const doubled = due(row) / 100;
    expect(row.account).toMatchObject({ delivered: due(row), lost: 0, doubled, disordered: 0 });
    expect(errors).toContain(`FAILED latency: one in 100 doubled: ${doubled} doubled`);
  });

  it("exposes a contender that reorders", () => {
    const row = rowOf("two swapped");
    expect(row.account).toMatchObject({ delivered: due(row), lost: 0, doubled: 0, disordered: 40 });
    expect(errors).toContain("FAILED latency: two swapped: 40 out of order");
  });

  it("exposes a contender that is slow only while it is asked often, as latency counts from the intended time", () => {
    const row = rowOf("pauses once");
    expect(row.account).toMatchObject({ delivered: due(row), lost: 0, disordered: 0 });
    // The pause of 800 ms meets 150 of the 200 notifications, and 140 of them more than 100 ms
    // before its end. A loop that waits for each answer would have met one.
    expect(row.figures["p50"]?.value).toBeGreaterThan(100);
    expect(row.figures["p99"]?.value).toBeGreaterThan(350);
  });

  it("discards the slices of a generator that was held up", () => {
    const row = rowOf("blocks the generator");
    expect(row.account).toMatchObject({ delivered: due(row), lost: 0 });
    expect(row.invalid).toMatch(/^the sender fell behind/);
  });

  it("runs a slice again whose sender fell behind, and reports how often", () => {
    expect(rowOf("blocks the generator").reruns).toBe(3);
    expect(said).toMatch(/Run again, as the sender fell behind: .*blocks the generator 3 times/);
  });
});
