/**
 * The short form of `npm run test:fuzz`: the hub is a process of its own, and so are its attackers.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Runs the command with arguments, and resolves with everything that it printed. */
function fuzz(...args: readonly string[]): Promise<Outcome> {
  const command = ["--import", "tsx/esm", "-C", "@bellwire/source", "scripts/fuzz.ts", "--quick", ...args];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    child.on("close", (code) => resolve({ code, output }));
  });
}

it("10,000 hostile inputs over raw TCP end no process, leave no link and no memory, and disturb no neighbour on any wire", {
  timeout: 300_000,
}, async () => {
  const { code, output } = await fuzz("--count", "1000");
  expect(code, output).toBe(0);
  expect(output).toMatch(/^seeds \d+, \d+; 1000 inputs for each of ws, sse, socketio, pusher, hosted$/m);
});

describe("such an attack would find", () => {
  it.each([
    ["an error that nobody catches", "throw", /uncaughtException: SyntaxError/],
    ["links that are left behind", "keep", /\d+ links after 3 s, and 8 neighbours/],
    ["a number that a neighbour is not told", "skip", /neighbour ws \(open\): heard \d+ after \d+/],
    ["memory that is not given back", "hoard", /the heap grew by \d/],
  ])("%s", { timeout: 120_000 }, async (_, fault, finding) => {
    const { code, output } = await fuzz(
      "--transport",
      "ws",
      "--seed",
      "1",
      "--count",
      "600",
      "--fault",
      fault,
    );
    expect(output).toMatch(finding);
    expect(code).toBe(1);
  });
});
