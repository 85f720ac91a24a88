import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readOptions } from "../src/options.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The command as `npm run bench` starts it, without npm, so that a signal reaches it. */
function bench(...args: string[]): ChildProcess {
  const flags = ["--import", "tsx", "-C", "@bellwire/source", "bench/src/cli.ts"];
  return spawn(process.execPath, [...flags, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
}

function outcome(command: ChildProcess): Promise<{ code: number | null; out: string; err: string }> {
  let out = "";
  let err = "";
  command.stdout?.on("data", (text) => (out += text));
  command.stderr?.on("data", (text) => (err += text));
  return new Promise((resolve) => command.once("close", (code) => resolve({ code, out, err })));
}

/** Process ids of the children of a process. Linux only, as are the signals' semantics this test relies on. */
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

const lossy = fileURLToPath(new URL("./lossy-contender.ts", import.meta.url));

describe("the bench command", { timeout: 60_000 }, () => {
  it("fails when a contender loses one delivery in 10,000", async () => {
    const { code, out, err } = await outcome(
      bench("--quick", "--scenario", "replay", "--wire", "none", "--contender", lossy),
    );
    expect(err).toMatch(/FAILED one in 10,000 lost: \d+ lost/);
    expect(code).toBe(1);
    expect(out).toMatch(/raw ws, own topic map\s+([\d,]+)\/\1\s+0\s+0\s+0/);
  });

  it("succeeds over every wire there is, and counts every delivery", async () => {
    const { code, out, err } = await outcome(bench("--quick", "--seed", "7"));
    expect(code, err).toBe(0);
    for (const wire of ["Bellwire ws", "Bellwire sse"]) {
      expect(out.match(new RegExp(`^${wire}\\s+([\\d,]+)/\\1\\s+0\\s+0`, "gm"))).toHaveLength(2);
    }
    expect(out).toContain("seed 7");
  });

  it.runIf(process.platform === "linux")("takes its children with it when it is interrupted", async () => {
    const command = bench("--quick", "--scenario", "replay", "--wire", "none");
    const ended = outcome(command);
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

  it("says what is allowed when an option is wrong", async () => {
    const { code, err } = await outcome(bench("--wire", "pigeon"));
    expect(err).toContain("--wire: must be among ws, sse, socketio, pusher, none");
    expect(code).toBe(2);
  });
});

describe("its options", () => {
  it("run everything by default, with a seed of its own", () => {
    const { entries, scenarios, seed, fanOut, replay } = readOptions([]);
    expect(entries.map(({ id }) => id)).toEqual([
      "raw-ws-topics",
      "raw-ws-loop",
      "raw-socket",
      "ws",
      "sse",
      "socketio",
      "socketio",
      "pusher",
    ]);
    expect(scenarios).toEqual(["replay", "fan-out"]);
    expect(seed).toBeGreaterThan(0);
    expect(fanOut.subscribers).toBe(1_000);
    expect(replay.notifications).toBe(Number.POSITIVE_INFINITY);
  });

  it("keep the controls whatever wires are chosen", () => {
    const ids = readOptions(["--wire", "sse"]).entries.map(({ id }) => id);
    expect(ids).toEqual(["raw-ws-topics", "raw-ws-loop", "raw-socket", "sse"]);
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
