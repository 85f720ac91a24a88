import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { BellwireError } from "@bellwire/core";
import { describe, expect, it, onTestFinished } from "vitest";
import { contender } from "../src/contenders/raw-ws-topics.ts";
import { checkConfig, type LoadedConfig, loadConfig } from "../src/load-config.ts";
import { readOptions } from "../src/options.ts";
import { loadContender } from "../src/registry.ts";
import { WORKOUT_DAY } from "../src/workload/workload.ts";
import { bench } from "./command.ts";

const own = fileURLToPath(new URL("../examples/own/", import.meta.url));

/** The configuration as if it had been found in this file. */
function loaded(config: LoadedConfig["config"]): LoadedConfig {
  return { file: new URL("file:///team/bellwire-bench.config.ts"), config };
}

function folderWith(file: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), "bellwire-config-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, file), text);
  return folder;
}

describe("a configuration", () => {
  it("is found in the working directory", async () => {
    const folder = folderWith("bellwire-bench.config.mjs", `export default { out: "here" };`);
    expect((await loadConfig(folder))?.config).toEqual({ out: "here" });
  });

  it("is taken from the file that is named, and that has to be there", async () => {
    const folder = folderWith("other.mjs", `export default { seed: 7 };`);
    expect(await loadConfig(folder)).toBeUndefined();
    expect((await loadConfig(folder, "other.mjs"))?.config).toEqual({ seed: 7 });
    await expect(loadConfig(folder, "third.mjs")).rejects.toThrow("third.mjs");
  });

  it("sets the defaults, which the command line overrides", () => {
    const config = loaded({ scenarios: ["latency"], wires: ["sse"], rounds: 3, seed: 5, out: "there" });
    const byDefault = readOptions([], config);
    expect(byDefault).toMatchObject({ scenarios: ["latency"], rounds: 3, seed: 5, out: "there" });
    expect(byDefault.entries.map(({ id }) => id)).toContain("sse");
    expect(byDefault.entries.map(({ id }) => id)).not.toContain("ws");
    const asked = readOptions(
      ["--scenario", "replay", "--wire", "ws", "--rounds", "1", "--seed", "9"],
      config,
    );
    expect(asked).toMatchObject({ scenarios: ["replay"], rounds: 1, seed: 9 });
    expect(asked.entries.map(({ id }) => id)).not.toContain("sse");
  });

  it("names workloads, of which the first is the default and every one can be chosen", () => {
    const config = loaded({ workloads: { quiet: "./quiet.jsonl", busy: "traces/busy.jsonl" } });
    expect(readOptions([], config).workload.href).toBe("file:///team/quiet.jsonl");
    expect(readOptions(["--workload", "busy"], config).workload.href).toBe("file:///team/traces/busy.jsonl");
    expect(readOptions(["--workload", "/a/file.jsonl"], config).workload.href).toBe("file:///a/file.jsonl");
    expect(readOptions([], loaded({})).workload).toBe(WORKOUT_DAY);
  });

  it.each([
    [{ contendrs: [] }, "config.contendrs: must be absent; known options are contenders, workloads"],
    [{ scenarios: ["latency", "speed"] }, "config.scenarios[1]: must be among latency, fan-out"],
    [{ wires: ["pigeon"] }, "config.wires[0]: must be among ws, sse, socketio, polling, pusher"],
    [{ workloads: { a: "./a.jsonl" }, workload: "b" }, "config.workload: must be among a"],
    [{ rounds: 0 }, "config.rounds: must be a whole number of at least 1"],
    [{ profile: "medium" }, `config.profile: must be "quick" or "full"`],
    [{ contenders: [{ ...contender, kind: "best" }] }, `config.contenders[0].kind: must be "wire" or`],
    [
      { contenders: [{ ...contender, comesBackWithin: -1 }] },
      "config.contenders[0].comesBackWithin: must be",
    ],
    [{ contenders: [{ ...contender, serve: 1 }] }, "config.contenders[0].serve: must be a function"],
  ])("that is wrong names its path and what is allowed: %o", (config, message) => {
    const check = (): void => checkConfig(config);
    expect(check).toThrow(BellwireError);
    expect(check).toThrow(message);
  });
});

describe("a contender of a configuration", () => {
  it("is loaded by its place, in every process alike", async () => {
    const folder = folderWith(
      "bellwire-bench.config.mjs",
      `export default { contenders: [{ name: "a" }, { name: "b" }] };`,
    );
    const { href } = pathToFileURL(join(folder, "bellwire-bench.config.mjs"));
    expect((await loadContender(`${href}#1`)).name).toBe("b");
    await expect(loadContender(`${href}#2`)).rejects.toThrow("no such contender");
  });
});

describe("the example of a custom benchmark", { timeout: 90_000 }, () => {
  it("measures the team's wire on the team's traffic, and loses nothing", async () => {
    const run = bench(["--rounds", "1"], own);
    onTestFinished(() => run.clear());
    const { code, err } = await run.ended;
    expect(code, err).toBe(0);
    const { scenarios } = run.results();
    expect(scenarios.map(({ name }) => name)).toEqual(["latency", "replay"]);
    expect(scenarios[1]?.setup).toContain("240 notifications of lunch-hour.jsonl to 8 subscribers");
    for (const { rows } of scenarios) {
      expect(rows.map(({ contender: name }) => name)).toEqual(["raw ws", "Bellwire ws", "our wire"]);
      for (const { account } of rows) expect(account?.delivered).toBe(account?.expected);
    }
    expect(scenarios[1]?.rows[2]?.account?.expected).toBeGreaterThan(500);
  });
});
