import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { SCENARIO_NAMES } from "../src/names.ts";
import { readOptions } from "../src/options.ts";
import { WORKOUT_DAY } from "../src/workload/workload.ts";
import { type Bench, bench } from "./command.ts";

/** A run that ends with the test. */
function started(...args: string[]): Bench {
  const run = bench(args);
  onTestFinished(() => run.clear());
  return run;
}

/**
 * Process ids of the children of a process. Linux only, as are the signals' semantics this test
 * relies on.
 */
function childrenOf(pid: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((child) => {
      try {
        return readFileSync(`/proc/${child}/stat`, "utf8").split(") ")[1]?.split(" ")[1] === String(pid);
      } catch {
        return false;
      }
    });
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const lossy = fileURLToPath(new URL("./faulty/lossy.ts", import.meta.url));

describe("the bench command", { timeout: 300_000 }, () => {
  it("fails when a contender loses one delivery in 10,000", async () => {
    const { code, out, err } = await started("--scenario", "replay", "--wire", "none", "--contender", lossy)
      .ended;
    expect(err).toMatch(/FAILED replay: one in 10,000 lost: \d+ lost/);
    expect(code).toBe(1);
    expect(out).toMatch(/raw ws \[loopback\]\s+([\d,]+)\/\1\s+0\s+0\s+0/);
  });

  it("succeeds over every wire there is, and counts every delivery", async () => {
    const { code, out, err } = await started("--scenario", "fan-out,replay", "--rounds", "1", "--seed", "7")
      .ended;
    expect(code, err).toBe(0);
    for (const wire of ["ws", "sse", "socketio", "pusher"]) {
      const rows = out.split("\n").filter((line) => line.startsWith(`Bellwire ${wire} `));
      expect(rows.filter((row) => /\]\s+([\d,]+)\/\1\s+0\s+0\s+0/.test(row))).toHaveLength(2);
    }
    expect(out).toContain("seed 7");
  });

  it.runIf(process.platform === "linux")("takes its children with it when it is interrupted", async () => {
    const { process: command, ended } = started("--scenario", "replay", "--wire", "none");
    const { pid } = command;
    if (pid === undefined) throw new Error("the command did not start");
    let children: number[] = [];
    const deadline = Date.now() + 20_000;
    while (children.length < 2 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      children = childrenOf(pid);
    }
    expect(children.length).toBeGreaterThanOrEqual(2);
    command.kill("SIGINT");
    expect((await ended).code).toBe(130);
    await expect.poll(() => children.filter(alive), { timeout: 5_000 }).toEqual([]);
  });

  it("names the allowed values when an option is wrong", async () => {
    const { code, err } = await started("--wire", "pigeon").ended;
    expect(err).toContain("--wire: must be among ws, sse, socketio, polling, pusher, redis, postgres, none");
    expect(code).toBe(2);
  });
});

describe("its options", () => {
  it("run everything by default, with a seed of its own", () => {
    const { entries, scenarios, seed, profile, workload } = readOptions([]);
    expect(entries.map(({ id }) => id)).toEqual([
      "raw-ws-topics",
      "raw-ws-loop",
      "raw-socket",
      "ws",
      "sse",
      "sse",
      "sse",
      "socketio",
      "socketio",
      "polling",
      "polling",
      "pusher",
      "pusher",
    ]);
    expect(scenarios).toEqual(SCENARIO_NAMES);
    expect(seed).toBeGreaterThan(0);
    expect(profile).toBe("quick");
    expect(workload).toBe(WORKOUT_DAY);
  });

  it("keep the controls whatever wires are chosen", () => {
    const ids = readOptions(["--wire", "sse"]).entries.map(({ id }) => id);
    expect(ids).toEqual(["raw-ws-topics", "raw-ws-loop", "raw-socket", "sse", "sse", "sse"]);
  });

  it.each([
    ["--rounds", "0"],
    ["--seed", "x"],
    ["--scenario", "nothing"],
    ["--unknown", "1"],
  ])("refuse %s %s", (...args) => {
    expect(() => readOptions(args)).toThrow();
  });
});
