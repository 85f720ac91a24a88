/** The options of a run's command line. */
import { pathToFileURL } from "node:url";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { absence } from "./engines/programs.ts";
import type { LoadedConfig } from "./load-config.ts";
import { ENGINES, SCENARIO_NAMES, type ScenarioName, WIRES } from "./names.ts";
import { CONTENDERS, configuredContender, type Entry, ownContender } from "./registry.ts";
import { WORKOUT_DAY } from "./workload/workload.ts";

export const USAGE: string = `bellwire-bench [run] [options]      measures, and writes results.json, report.html and report.md
bellwire-bench compare a.json b.json   tells real change from noise
bellwire-bench decide                  writes down which wire, and why

  --full              figures to quote, in half an hour; default: all scenarios within three minutes
  --scenario a,b      ${SCENARIO_NAMES.join(", ")}; default: all
  --wire a,b          ws, sse, socketio, polling, pusher or none; default: all. The control rows always run
                      redis, postgres: ws on a hub over that engine; only when asked for, and where it is installed
  --config file       contenders, workloads and defaults of your own; default: bellwire-bench.config.ts, if there is one
  --workload x        the recorded trace to replay: a file of JSON lines, or a workload's name in the configuration
  --contender file    one more contender: a module that exports "contender"; may be given again
  --rounds n          rounds of each scenario
  --seed n            the seed of the order of rounds and of the intervals
  --out folder        where the reports go; default: bench-results
  --strict            a missed bar fails the command
  --cpu-profile folder  a CPU profile of each server process of the fan-out; its figures are then meaningless`;

/** A run as asked for. */
export interface Options {
  readonly profile: "quick" | "full";
  readonly scenarios: readonly ScenarioName[];
  readonly entries: readonly Entry[];
  /** A line for each engine that was asked for and is not installed. */
  readonly absent: readonly string[];
  readonly workload: URL;
  readonly rounds: number | undefined;
  readonly seed: number;
  readonly out: string;
  readonly strict: boolean;
  readonly cpuProfile: string | undefined;
  readonly help: boolean;
}

const FLAGS = {
  full: { type: "boolean" },
  scenario: { type: "string" },
  wire: { type: "string" },
  config: { type: "string" },
  workload: { type: "string" },
  contender: { type: "string", multiple: true },
  rounds: { type: "string" },
  seed: { type: "string" },
  out: { type: "string" },
  strict: { type: "boolean", default: false },
  "cpu-profile": { type: "string" },
  help: { type: "boolean", default: false },
} as const satisfies ParseArgsConfig["options"];

/** The configuration that the arguments name, if any. Throws as {@link readOptions} does. */
export function namedConfig(args: readonly string[]): string | undefined {
  return parseArgs({ args: [...args], options: FLAGS }).values.config;
}

/**
 * Reads the arguments, over what the configuration says. Throws a TypeError or RangeError whose
 * message tells the user what is allowed.
 */
export function readOptions(args: readonly string[], loaded?: LoadedConfig): Options {
  const { values } = parseArgs({ args: [...args], options: FLAGS });
  const config = loaded?.config ?? {};
  const wires =
    values.wire === undefined
      ? (config.wires ?? WIRES)
      : oneOf("wire", values.wire, [...WIRES, ...ENGINES, "none"]);
  const asked = ENGINES.filter((engine) => wires.some((wire) => wire === engine));
  const missing = asked.filter((engine) => absence(engine) !== undefined);
  const chosen = wires.filter((wire) => !missing.some((engine) => engine === wire));
  const configured = (config.contenders ?? []).map((_, place) =>
    configuredContender((loaded as LoadedConfig).file, place),
  );
  return {
    profile: values.full ? "full" : (config.profile ?? "quick"),
    scenarios:
      values.scenario === undefined
        ? (config.scenarios ?? SCENARIO_NAMES)
        : oneOf("scenario", values.scenario, SCENARIO_NAMES),
    entries: [
      ...CONTENDERS.filter(({ id, optional }) => !optional || chosen.some((wire) => wire === id)),
      ...configured,
      ...(values.contender ?? []).map(ownContender),
    ],
    absent: missing.flatMap((engine) => absence(engine) ?? []),
    workload: workloadOf(values.workload, loaded),
    rounds: positive("rounds", values.rounds) ?? config.rounds,
    seed: positive("seed", values.seed) ?? config.seed ?? Math.floor(Math.random() * 1e9) + 1,
    out: values.out ?? config.out ?? "bench-results",
    strict: values.strict,
    cpuProfile: values["cpu-profile"],
    help: values.help,
  };
}

/** A name of the configuration, or else a file; without either the configuration's own default. */
function workloadOf(asked: string | undefined, loaded: LoadedConfig | undefined): URL {
  const { workloads = {}, workload } = loaded?.config ?? {};
  const name = asked ?? workload ?? Object.keys(workloads)[0];
  if (name === undefined) return WORKOUT_DAY;
  const path = Object.hasOwn(workloads, name) ? workloads[name] : undefined;
  return path === undefined ? pathToFileURL(name) : new URL(path, loaded?.file);
}

function oneOf<T extends string>(flag: string, text: string, allowed: readonly T[]): T[] {
  return text.split(",").map((name) => {
    const found = allowed.find((candidate) => candidate === name);
    if (found === undefined) throw new RangeError(`--${flag}: must be among ${allowed.join(", ")}`);
    return found;
  });
}

function positive(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`--${flag}: must be a whole number from 1`);
  return value;
}
