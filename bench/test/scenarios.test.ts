/**
 * The scenarios that start bad networks and crowds, each for real and small, over the control and
 * over Bellwire.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ScenarioName } from "../src/names.ts";
import type { Results, Row } from "../src/results.ts";
import { recoveryCurve } from "../src/scenarios/outage.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const out = mkdtempSync(join(tmpdir(), "bellwire-scenarios-"));
afterAll(() => rmSync(out, { recursive: true }));

const SCENARIOS: readonly ScenarioName[] = [
  "connect-storm",
  "idle-memory",
  "reconnect",
  "reconnect-storm",
  "slow-consumer",
  "degraded-network",
  "blocked-websocket",
];
let results: Results;
let said = "";

/** One run of the command over all of them. */
beforeAll(async () => {
  const args = ["--import", "tsx", "-C", "@bellwire/source", "bench/src/cli.ts"];
  const options = ["--scenario", SCENARIOS.join(","), "--wire", "ws,sse", "--rounds", "1", "--out", out];
  const command = spawn(process.execPath, [...args, ...options], { cwd: root });
  command.stderr.on("data", (text) => (said += text));
  await new Promise((resolve) => command.once("close", resolve));
  results = JSON.parse(readFileSync(join(out, "results.json"), "utf8")) as Results;
}, 240_000);

/** The rows of these contenders, in this order. */
function rowsOf(scenario: ScenarioName, ...contenders: string[]): (Row | undefined)[] {
  const { rows = [] } = results.scenarios.find(({ name }) => name === scenario) ?? {};
  return contenders.map((name) => rows.find(({ contender }) => contender === name));
}

const value = (row: Row | undefined, metric: string): number => row?.figures[metric]?.value ?? Number.NaN;

describe("crowds and bad networks", () => {
  it("run without a fault", () => {
    expect(said).not.toContain("FAILED");
    expect(results.scenarios.map(({ name }) => name)).toEqual(SCENARIOS);
  });

  it("a storm of connections is measured per connection, and every client connects", () => {
    const rows = rowsOf("connect-storm", "raw ws", "Bellwire ws");
    for (const row of rows) {
      expect(row?.troubles).toEqual([]);
      expect(value(row, "server-cpu")).toBeGreaterThan(10);
      expect(value(row, "whole-ms")).toBeGreaterThan(1);
    }
  });

  it("an idle connection's memory is a slope between two populations", () => {
    const rows = rowsOf("idle-memory", "raw ws", "Bellwire ws");
    for (const row of rows) {
      expect(row?.troubles).toEqual([]);
      expect(value(row, "heap-per-connection")).toBeGreaterThan(500);
      expect(value(row, "heap-per-connection")).toBeLessThan(100_000);
    }
  });

  it.each(["reconnect", "reconnect-storm"] as const)(
    "in %s Bellwire loses nothing, and what the bare library misses is counted and no fault",
    (scenario) => {
      const [raw, bellwire] = rowsOf(scenario, "raw ws", "Bellwire ws");
      expect(bellwire?.account).toMatchObject({ lost: 0, doubled: 0, disordered: 0, stray: 0 });
      expect(bellwire?.troubles).toEqual([]);
      expect(bellwire?.lossless).toBe(true);
      expect(value(bellwire, "missed")).toBe(0);
      // Without a network for longer than any notification takes.
      expect(value(bellwire, "whole-p50")).toBeGreaterThan(150);
      expect(bellwire?.curves[0]?.points.length).toBeGreaterThan(2);
      expect(raw?.lossless).toBe(false);
      expect(raw?.account?.lost).toBeGreaterThan(0);
      expect(value(raw, "missed")).toBeGreaterThan(0);
    },
  );

  it("a slow consumer is cut off by Bellwire and held by the bare loop, and its neighbours get everything", () => {
    const rows = rowsOf("slow-consumer", "raw ws", "Bellwire ws");
    const [raw, bellwire] = rows;
    for (const row of rows) expect(row?.account).toMatchObject({ lost: 0, doubled: 0, disordered: 0 });
    expect(value(raw, "cut-off")).toBe(0);
    expect(value(bellwire, "cut-off")).toBe(100);
  });

  it("on a bad network latency shows what the network adds, and nothing is lost in a tunnel but by the bare library", () => {
    const names = ["raw ws, 3g", "Bellwire ws, 3g", "raw ws, train", "Bellwire ws, train"];
    const rows = rowsOf("degraded-network", ...names);
    for (const row of rows) expect(value(row, "p50")).toBeGreaterThanOrEqual(100);
    for (const row of rows.slice(0, 2)) expect(value(row, "p50")).toBeGreaterThanOrEqual(150);
    for (const row of [...rows.slice(0, 2), rows[3]])
      expect(row?.account).toMatchObject({ lost: 0, doubled: 0, disordered: 0 });
    expect(rows[2]?.lossless).toBe(false);
    expect(rows[2]?.account?.lost).toBeGreaterThan(0);
  });

  it("where upgrades are refused, WebSocket does not get through and the fallback does", () => {
    const names = ["raw ws", "Bellwire ws", "Bellwire fallback(ws, sse)"];
    const rows = rowsOf("blocked-websocket", ...names);
    expect(rows.map((row) => value(row, "connects"))).toEqual([0, 0, 100]);
    expect(value(rows[2], "connect-ms")).toBeGreaterThan(0);
    for (const row of rows) expect(row?.troubles).toEqual([]);
  });
});

describe("the recovery curve", () => {
  it("is the share of clients that were whole by then, and stays below 1 when some never were", () => {
    const recovery = (milliseconds: number | undefined) => ({ subscriber: "s", milliseconds });
    expect(recoveryCurve([recovery(300), recovery(undefined), recovery(100), recovery(200)])).toEqual([
      [0, 0],
      [100, 0.25],
      [200, 0.5],
      [300, 0.75],
    ]);
    expect(recoveryCurve([])).toEqual([[0, 0]]);
  });
});
