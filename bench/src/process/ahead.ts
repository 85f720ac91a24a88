/**
 * Compiles what child processes run, once for all of them: a run from source starts some sixty, and
 * each would spend half a second on a loader of TypeScript. In the built package there is nothing
 * to compile.
 */
import { readdirSync, rmSync } from "node:fs";
import { join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isBuilt } from "./own-module.ts";

const SOURCE = fileURLToPath(new URL("../", import.meta.url));
/**
 * Below the package, so that what is compiled finds its dependencies; one folder for each process
 * that runs the benchmark.
 */
const COMPILED = fileURLToPath(new URL("../../.tsbuild/children/", import.meta.url));

/** Addresses of modules, and where each was compiled to. */
let compiled: ReadonlyMap<string, string> = new Map();

/** The address under which child processes load a module: where it was compiled to, or its own. */
export function childModule(address: string): string {
  return compiled.get(address) ?? address;
}

/**
 * Node's arguments for child processes: this process's own, without a loader of TypeScript where
 * they need none.
 */
export function childFlags(): string[] {
  const flags = process.execArgv;
  if (compiled.size === 0) return flags;
  const isLoader = (place: number): boolean =>
    flags[place] === "--import" && /tsx/.test(flags[place + 1] ?? "");
  return flags.filter((_, place) => !isLoader(place) && !isLoader(place - 1));
}

/**
 * Compiles the benchmark's own halves and contenders. The result is gone when this process ends.
 */
export async function compileAhead(): Promise<void> {
  if (isBuilt || compiled.size > 0) return;
  const { build: bundle, stop } = await import("esbuild");
  const entries = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter(isEntry);
  const out = join(COMPILED, String(process.pid));
  process.once("exit", () => rmSync(out, { recursive: true, force: true }));
  forget();
  await bundle({
    entryPoints: entries.map((file) => join(SOURCE, file)),
    outbase: SOURCE,
    outdir: out,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    conditions: ["@bellwire/source"],
    plugins: [
      {
        name: "dependencies stay where they are",
        setup(build) {
          build.onResolve({ filter: /^[^./#]/ }, ({ path, kind }) =>
            kind === "entry-point" || path.startsWith("@bellwire/") ? undefined : { path, external: true },
          );
        },
      },
    ],
  });
  await stop();
  const address = (folder: string, file: string): string => pathToFileURL(join(folder, file)).href;
  compiled = new Map(
    entries.map((file) => [address(SOURCE, file), address(out, file.replace(/\.ts$/, ".js"))]),
  );
}

function isEntry(file: string): boolean {
  return (
    file.endsWith("-half.ts") ||
    file === join("process", "child-process.ts") ||
    (file.startsWith(`contenders${sep}`) && file.endsWith(".ts"))
  );
}

/** Removes what processes left that were killed. */
function forget(): void {
  let left: string[] = [];
  try {
    left = readdirSync(COMPILED);
  } catch {
    return;
  }
  for (const pid of left)
    if (!isAlive(Number(pid))) rmSync(join(COMPILED, pid), { recursive: true, force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
