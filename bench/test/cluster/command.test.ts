/** `npm run bench:cluster -- --quick`, for real: every row of the table has a figure. */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Effect } from "../../src/cluster/faults.ts";
import type { Figure } from "../../src/cluster/figure.ts";
import { root } from "../command.ts";

const areInstalled = Boolean(process.env["BELLWIRE_REDIS_SERVER"] && process.env["BELLWIRE_POSTGRES"]);

/** Runs the command, and resolves with its exit code and all that it printed. */
function cluster(...args: readonly string[]): Promise<{ code: number | null; out: string; err: string }> {
  const loader = join(root, "node_modules/tsx/dist/loader.mjs");
  const command = ["--import", loader, "-C", "@bellwire/source", "bench/src/cluster/cli.ts", ...args];
  const child = spawn(process.execPath, command, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let [out, err] = ["", ""];
  child.stdout.on("data", (text) => (out += text));
  child.stderr.on("data", (text) => (err += text));
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, out, err })));
}

describe("the command", () => {
  it("explains itself, and refuses what it does not know", async () => {
    const { code, out } = await cluster("--help");
    expect(code).toBe(0);
    expect(out).toContain("--quick");
    expect((await cluster("--part", "nothing")).code).toBe(2);
    expect((await cluster("--seed", "x")).code).toBe(2);
  });
});

describe.skipIf(!areInstalled)("a quick run", () => {
  let said: Awaited<ReturnType<typeof cluster>>;
  let raw: { readonly figures: readonly Figure[]; readonly effects: readonly Effect[] };

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), "bellwire-cluster-figures-"));
    const file = join(folder, "raw.json");
    try {
      said = await cluster("--quick", "--seed", "1", "--json", file);
      raw = JSON.parse(readFileSync(file, "utf8"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }, 240_000);

  it("has every row of the table, each with a figure, its bar and the outcome", () => {
    expect(raw.figures).toHaveLength(11);
    for (const { what, value } of raw.figures) {
      // JSON has null in place of a number that is not finite.
      expect(value, `${what}\n${said.err}`).toEqual(expect.any(Number));
      expect(said.out).toMatch(new RegExp(`^\\| ${escaped(what)} \\| .* \\| (reached.*|missed) \\|$`, "m"));
    }
    expect(said.out).toContain("seed 1");
    expect(said.out).toContain("@socket.io/redis-streams-adapter 0.3");
  });

  it("loses nothing and has no gap while three hubs restart in turn under load", () => {
    const { tally } = effect("rolling restart", "Bellwire");
    expect(tally.due).toBeGreaterThan(0);
    expect(tally, said.err).toMatchObject({ silent: 0, told: 0, gaps: 0, delivered: tally.due });
  });

  it("puts both libraries under every fault", () => {
    for (const fault of ["server killed", "clients cut", "engine restarted", "rolling restart"] as const) {
      for (const library of ["Bellwire", "Socket.IO"] as const) {
        const { tally, turns } = effect(fault, library);
        expect(turns).toBe(1);
        expect(tally.due).toBeGreaterThan(0);
        expect(tally.delivered + tally.silent + tally.told).toBe(tally.due);
      }
    }
  });

  it("loses nothing without a word", () => {
    for (const { library, fault, tally } of raw.effects)
      if (library === "Bellwire") expect(tally.silent, `${fault}\n${said.err}`).toBe(0);
  });

  function effect(fault: Effect["fault"], library: Effect["library"]): Effect {
    const found = raw.effects.find((one) => one.fault === fault && one.library === library);
    if (!found) throw new Error(`nothing of ${fault} and ${library}\n${said.err}`);
    return found;
  }
});

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
