import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Ran, summaryOf } from "../src/reliability/summary.ts";
import type { Results, Row } from "../src/results.ts";
import { root } from "./command.ts";
import { exampleResults } from "./fixtures/results.ts";

/**
 * The example's latency alone, every row of it whole and valid, but for what is said of the first.
 */
function resultsWith(first: Partial<Row> = {}): Results {
  const results = exampleResults();
  const [latency] = results.scenarios;
  if (!latency) throw new Error("no scenario");
  const rows = latency.rows.map((row): Row => ({ ...row, invalid: undefined, troubles: [], lossless: true }));
  return { ...results, scenarios: [{ ...latency, rows: rows.with(0, { ...(rows[0] as Row), ...first }) }] };
}

const ran = (results: Results | undefined, more: Partial<Ran> = {}): Ran => ({
  busy: false,
  code: 0,
  seconds: 150,
  results,
  ...more,
});

describe("a run of the benchmark", () => {
  it("is reliable when it succeeds in time and loses nothing", () => {
    const summary = summaryOf(ran(resultsWith({ reruns: 3, leftOut: 1 })));
    expect(summary).toEqual({ lost: 0, invalid: [], reruns: 3, leftOut: 1, wrong: [] });
  });

  it("may have one row that is invalid, and is unreliable with two", () => {
    const one = resultsWith({ invalid: "ill" });
    expect(summaryOf(ran(one)).wrong).toEqual([]);
    const two = { ...one, scenarios: [...one.scenarios, ...one.scenarios] };
    expect(summaryOf(ran(two)).wrong).toEqual(["2 rows are invalid"]);
  });

  it("is unreliable when it fails, loses something, takes too long or writes nothing", () => {
    const account = { expected: 9, delivered: 7, lost: 2, doubled: 0, disordered: 0, stray: 0 };
    const lossy = summaryOf(ran(resultsWith({ account }), { code: 1 }));
    expect(lossy.lost).toBe(2);
    expect(lossy.wrong).toEqual(["exit code 1", expect.stringContaining("2 lost")]);
    expect(summaryOf(ran(resultsWith(), { seconds: 181 })).wrong).toEqual(["181 s are more than 180"]);
    expect(summaryOf(ran(undefined, { code: null })).wrong).toEqual(["it took too long", "no results"]);
  });

  it("may be slow beside a busy loop, and is not blamed for losses of a bare library", () => {
    const account = { expected: 9, delivered: 7, lost: 2, doubled: 0, disordered: 0, stray: 0 };
    const results = resultsWith({ account, lossless: false });
    expect(summaryOf(ran(results, { busy: true, seconds: 300 }))).toMatchObject({ lost: 0, wrong: [] });
  });
});

it("the reliability command runs the benchmark beside a busy loop and reports the outcome", () => {
  const out = mkdtempSync(join(tmpdir(), "bellwire-reliability-"));
  onTestFinished(() => rmSync(out, { recursive: true, force: true }));
  const flags = ["--import", "tsx/esm", "-C", "@bellwire/source", "bench/src/reliability/reliability.ts"];
  const asked = ["--runs", "1", "--busy", "1", "--out", out];
  const { stdout, status } = spawnSync(
    process.execPath,
    [...flags, ...asked, "--", "--scenario", "blocked-websocket", "--wire", "none"],
    { cwd: root, encoding: "utf8" },
  );
  expect(stdout).toContain("run 1 of 1, beside a busy loop");
  expect(stdout).toMatch(/^1\s+busy\s+0\s+\d+\s+0\s+0\s+0\s+0$/m);
  expect(status).toBe(0);
}, 120_000);
