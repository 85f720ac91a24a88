/** On what the figures were measured. Two runs may be compared only where these agree. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, cpus, loadavg, release, type } from "node:os";

/** The machine, the programs and the seed of a run. */
export interface Fingerprint {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly node: string;
  readonly ws: string;
  readonly bellwire: string;
  /** The commit, with `+` when files differ from it; "unknown" outside a checkout. */
  readonly commit: string;
  readonly seed: number;
  /** Runnable processes on average in the minute before. */
  readonly load: number;
}

/** Takes the fingerprint before the run starts. */
export function fingerprint(seed: number): Fingerprint {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    kernel: `${type()} ${release()}`,
    node: process.version,
    ws: versionOf("ws/package.json"),
    bellwire: versionOf("@bellwire/core/package.json"),
    commit: commit(),
    seed,
    load: loadavg()[0] ?? 0,
  };
}

/** The fingerprint in two lines. */
export function fingerprintText(print: Fingerprint): string {
  const { cpu, cores, kernel, node, ws, bellwire, commit: at, seed, load } = print;
  return [
    `${cpu}, ${cores} cores, ${kernel}, load ${load.toFixed(1)}`,
    `Node ${node}, ws ${ws}, Bellwire ${bellwire} at ${at}, seed ${seed}`,
  ].join("\n");
}

function versionOf(manifest: string): string {
  const path = createRequire(import.meta.url).resolve(manifest);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync("git", args, { cwd: new URL(".", import.meta.url), encoding: "utf8", stdio: "pipe" }).trim();
  try {
    return (
      git("rev-parse", "--short", "HEAD") + (git("status", "--porcelain", "--untracked-files=no") ? "+" : "")
    );
  } catch {
    return "unknown";
  }
}
