import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { compareCommand } from "../../src/compare/cli.ts";
import { type Noise, noisyRun } from "./noisy-run.ts";

const QUIET: Noise = { slice: 0.05, start: 0.01, round: 0.2, drift: 0, spikes: 0.01 };
const folder = mkdtempSync(join(tmpdir(), "bellwire-compare-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: unknown): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
}

const run = (cost: number, seed: number) =>
  noisyRun({ rounds: 60, starts: 5, costs: { "Bellwire ws": cost } }, QUIET, seed);
const before = file("before.json", run(0.8, 1));
const same = file("same.json", run(0.8, 2));
const slower = file("slower.json", run(1, 3));
const faster = file("faster.json", run(0.6, 4));

describe("the compare command", () => {
  let out = "";
  let err = "";
  beforeEach(() => {
    out = "";
    err = "";
    vi.spyOn(console, "log").mockImplementation((text: string) => void (out += text));
    vi.spyOn(console, "error").mockImplementation((text: string) => void (err += text));
  });
  afterEach(() => vi.restoreAllMocks());

  it("exits with 1 when something got worse, and with 0 when nothing did or it got better", async () => {
    expect(await compareCommand([before, slower])).toBe(1);
    expect(await compareCommand([before, same])).toBe(0);
    expect(await compareCommand([before, faster])).toBe(0);
    expect(out).toContain("improvement");
  });

  it("takes the smallest change that counts from the command line, in percent", async () => {
    expect(await compareCommand([before, slower, "--threshold", "50"])).toBe(0);
  });

  it("writes the comparison as JSON and as Markdown", async () => {
    const [json, markdown] = [join(folder, "out.json"), join(folder, "out.md")];
    expect(await compareCommand([before, slower, "--json", json, "--markdown", markdown])).toBe(1);
    expect(JSON.parse(readFileSync(json, "utf8"))).toMatchObject({ outcome: "regression", threshold: 0.1 });
    expect(readFileSync(markdown, "utf8")).toContain("**regression: 2 worse");
  });

  it("reads runs of earlier releases, whose slow-consumer was called slow-reader", async () => {
    const [older = "", newer = ""] = ["slow-reader", "slow-consumer"].map((name) => {
      const { scenarios, ...rest } = run(0.8, 5);
      return file(`${name}.json`, { ...rest, scenarios: scenarios.map((one) => ({ ...one, name })) });
    });
    expect(await compareCommand([older, newer])).toBe(0);
    expect(out).toContain("slow-consumer, Bellwire ws");
  });

  it("prints its usage on --help, and compares nothing", async () => {
    expect(await compareCommand(["--help"])).toBe(0);
    expect(out).toContain("compare a.json b.json");
  });

  it.each([
    ["one file", [before]],
    ["three files", [before, same, slower]],
    ["an unknown option", [before, same, "--loud"]],
    ["a threshold that is none", [before, same, "--threshold", "much"]],
    ["a file that is not there", [before, join(folder, "none.json")]],
    ["a file that is no JSON", [before, file("text.json", "{")]],
    ["other JSON", [before, file("other.json", [1])]],
    ["another version", [before, file("version.json", { ...run(0.8, 1), version: 2 })]],
    ["a file that is cut off", [before, file("cut.json", { version: 1 })]],
    ["a run of another profile", [before, file("quick.json", { ...run(0.8, 1), profile: "quick" })]],
  ])("exits with 2 and says why, given %s", async (_, args) => {
    expect(await compareCommand(args)).toBe(2);
    expect(err).not.toBe("");
    expect(out).toBe("");
  });
});
