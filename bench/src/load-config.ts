/** Finds a configuration, loads it, and says what is wrong with it before anything starts. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { BellwireError } from "@bellwire/core";
import { atLeast, callable, checkOptions, type OptionRules, oneOf, text } from "@bellwire/core/adapter";
import { type BenchmarkConfig } from "./config.ts";
import { ENGINES, KINDS, SCENARIO_NAMES, WIRES } from "./names.ts";
import { importModule } from "./process/own-module.ts";

/** The names under which a configuration is found. */
export const CONFIG_FILES: readonly string[] = ["ts", "mts", "js", "mjs"].map(
  (extension) => `bellwire-bench.config.${extension}`,
);

/** A configuration and where it came from. */
export interface LoadedConfig {
  readonly file: URL;
  readonly config: BenchmarkConfig;
}

/**
 * Loads the configuration of a folder, or the file that is named from there. Undefined when none is
 * named and none is there. Rejects with `invalid_option`, which names the path of what is wrong and
 * what is allowed, and when a file that is named does not exist.
 */
export async function loadConfig(folder: string, named?: string): Promise<LoadedConfig | undefined> {
  const path =
    named === undefined
      ? CONFIG_FILES.map((name) => resolve(folder, name)).find((candidate) => existsSync(candidate))
      : resolve(folder, named);
  if (path === undefined) return undefined;
  if (!existsSync(path)) throw new RangeError(`--config: there is no ${path}`);
  const file = pathToFileURL(path);
  const { default: config } = await importModule(file.href);
  checkConfig(config);
  return { file, config };
}

const array = { allowed: "an array", test: Array.isArray };
const record = {
  allowed: "an object of paths by name",
  test: (value: unknown) =>
    typeof value === "object" && value !== null && Object.values(value).every((path) => text.test(path)),
};

const RULES: OptionRules = {
  contenders: array,
  workloads: record,
  workload: text,
  scenarios: array,
  wires: array,
  profile: oneOf("quick", "full"),
  rounds: atLeast(1),
  seed: atLeast(1),
  out: text,
};

const CONTENDER_RULES: OptionRules = {
  name: text,
  kind: oneOf(...KINDS),
  recovers: { allowed: "true or false", test: (value) => typeof value === "boolean" },
  serve: callable,
  connect: callable,
  comesBackWithin: atLeast(1),
  scenarios: array,
  caveats: array,
  load: { allowed: "a load plan", test: (value) => typeof value === "object" },
};

/** Checks what a configuration file exports by default. Throws `invalid_option`. */
export function checkConfig(config: unknown): asserts config is BenchmarkConfig {
  checkOptions("config", config, RULES);
  const { contenders = [], workloads = {}, workload, scenarios, wires } = config as BenchmarkConfig;
  for (const [place, contender] of contenders.entries()) {
    const path = `config.contenders[${place}]`;
    checkOptions(path, contender, CONTENDER_RULES, ["name", "kind", "recovers", "serve", "connect"]);
    checkNames(`${path}.scenarios`, contender.scenarios, SCENARIO_NAMES);
  }
  checkNames("config.scenarios", scenarios, SCENARIO_NAMES);
  checkNames("config.wires", wires, [...WIRES, ...ENGINES]);
  if (workload !== undefined) checkNames("config.workload", [workload], Object.keys(workloads), "");
}

function checkNames(
  path: string,
  names: readonly string[] | undefined,
  allowed: readonly string[],
  index?: "",
): void {
  for (const [place, name] of (names ?? []).entries()) {
    if (allowed.includes(name)) continue;
    const where = index ?? `[${place}]`;
    throw new BellwireError(
      "invalid_option",
      `${path}${where}: must be among ${allowed.join(", ") || "workloads"}`,
    );
  }
}
