/** The command as `npm run bench` starts it. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Results } from "../src/results.ts";

/** The repository. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** A run of the command that is under way. */
export interface Bench {
  readonly process: ChildProcess;
  /** Resolves when it has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
  /** The measurements of the command, once it has ended. */
  results(): Results;
  /** Ends it, with its children, and takes its reports away. */
  clear(): void;
}

/**
 * Starts the command without npm, so that a signal reaches it. `cwd` defaults to the repository.
 */
export function bench(args: readonly string[], cwd: string = root): Bench {
  const reports = mkdtempSync(join(tmpdir(), "bellwire-bench-"));
  const cli = join(root, "bench/src/cli.ts");
  const flags = ["--import", join(root, "node_modules/tsx/dist/loader.mjs"), "-C", "@bellwire/source", cli];
  const command = spawn(process.execPath, [...flags, ...args, "--out", reports], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  command.stdout.on("data", (text) => (out += text));
  command.stderr.on("data", (text) => (err += text));
  return {
    process: command,
    ended: new Promise((resolve) => command.once("close", (code) => resolve({ code, out, err }))),
    results: () => JSON.parse(readFileSync(join(reports, "results.json"), "utf8")) as Results,
    clear() {
      command.kill();
      rmSync(reports, { recursive: true, force: true });
    },
  };
}
