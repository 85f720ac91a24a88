// @vitest-environment jsdom
/** The same promises as in packages/react, on the React of this example. */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const shared = join(import.meta.dirname, "../../../packages/react/test");
const bundled = join(import.meta.dirname, "../.tsbuild/cases");

// The cases are bundled into this folder, where `react` is version 18 to whoever imports it; all
// else is bundled with them. By the command, since esbuild does not run inside a page's
// environment.
const external = ["react", "react/*", "react-dom", "react-dom/*", "vitest"];
const flags = [
  `--outdir=${bundled}`,
  "--bundle",
  "--splitting",
  "--format=esm",
  "--platform=node",
  "--target=node20",
  "--jsx=automatic",
  "--conditions=@bellwire/source",
  "--log-level=error",
  ...external.map((name) => `--external:${name}`),
];
const esbuild = createRequire(import.meta.url).resolve("esbuild/bin/esbuild");
const entries = ["hot-reload.ts", "cases.tsx", "history-cases.tsx"].map((file) => join(shared, file));
execFileSync(process.execPath, [esbuild, ...entries, ...flags]);

const load = (file: string): Promise<unknown> => import(pathToFileURL(join(bundled, file)).href);
// A module's imports are evaluated before it, and this one has to be there before React DOM.
await load("hot-reload.js");
const cases = (await load("cases.js")) as { describeHooks(major: number): void };
cases.describeHooks(18);
const past = (await load("history-cases.js")) as { describeHistory(major: number): void };
past.describeHistory(18);
