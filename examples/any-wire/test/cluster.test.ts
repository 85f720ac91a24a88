/**
 * The short form of `npm run test:cluster`: hubs of several processes over real engines, and
 * clusters that are wrong on purpose.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, it } from "vitest";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const redis = process.env["BELLWIRE_REDIS_SERVER"] !== undefined;
const postgres = process.env["BELLWIRE_POSTGRES"] !== undefined;

/** Runs the command with arguments, and resolves with everything that it printed. */
function cluster(...args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const command = ["--import", "tsx/esm", "-C", "@bellwire/source", "scripts/cluster.ts", ...args];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
    child.on("close", (code) => resolve({ code, output }));
  });
}

const short = ["--rounds", "1", "--seconds", "8", "--hubs", "3", "--clients", "5"];

describe.concurrent("three hubs of three processes lose, double, disorder and hide nothing under faults", () => {
  it.skipIf(!redis)("over Redis", { timeout: 180_000 }, async ({ expect }) => {
    const { code, output } = await cluster("--engine", "redis", ...short);
    expect(code, output).toBe(0);
  });

  it.skipIf(!redis)("over Redis that persists", { timeout: 180_000 }, async ({ expect }) => {
    const { code, output } = await cluster("--engine", "redis-persistent", ...short);
    expect(code, output).toBe(0);
  });

  it.skipIf(!postgres)("over PostgreSQL", { timeout: 180_000 }, async ({ expect }) => {
    const { code, output } = await cluster("--engine", "postgres", ...short);
    expect(code, output).toBe(0);
  });
});

describe.skipIf(!redis).concurrent("the harness finds a cluster's mistake:", () => {
  it.for<readonly [mistake: string, finding: RegExp, fault: string, ...args: string[]]>([
    ["append without idempotency", /appendedTwice [1-9]/, "clients cut"],
    ["ids known to one hub alone", /appendedTwice [1-9]/, "clients cut"],
    ["epoch kept after a lost log", /lost [1-9]|corrupted [1-9]/, "log flushed"],
    ["deliveries trusted as the truth", /lost [1-9]/, "clients cut", "--topics", "8"],
    [
      "presence without leases",
      /sees \d+ of/,
      "hub killed",
      "--seconds",
      "2",
      "--hubs",
      "3",
      "--clients",
      "5",
    ],
    ["forwarding out of order", /corrupted [1-9]/, "clients cut"],
    ["offsets given by each hub", /appendedTwice [1-9]|corrupted [1-9]/, "clients cut"],
    ["acknowledged before it is stored", /acknowledgedLost [1-9]|corrupted [1-9]/, "clients cut"],
    ["revocation on one hub alone", /leaked [1-9]/, "clients cut"],
    ["exclusion forgotten by the log", /leaked [1-9]/, "clients cut"],
    ["eviction without a word", /lost [1-9]/, "clients cut", "--window", "8"],
    ["gaps where nothing is missing", /falseGap [1-9]/, "clients cut"],
  ])("%s", { timeout: 120_000 }, async ([mistake, finding, fault, ...args], { expect }) => {
    const chosen = ["--engine", "redis", "--seed", "1", "--mistake", mistake, "--faults", fault];
    const shape = ["--rounds", "1", "--seconds", "4", "--hubs", "2", "--clients", "4", "--topics", "4"];
    const { code, output } = await cluster(
      ...chosen,
      ...shape,
      "--rate",
      "100",
      "--patience",
      "3000",
      ...args,
    );
    expect(output).toMatch(finding);
    expect(code).toBe(1);
  });
});
