/** What the command line of a run says. */
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { CONTENDERS, type Entry, ownContender } from "./registry.ts";
import { SCENARIO_NAMES, type ScenarioName } from "./scenario.ts";
import { WORKOUT_DAY } from "./workload/workload.ts";

export const USAGE: string = `bellwire-bench [run] [options]      measures, and writes results.json, report.html and report.md
bellwire-bench compare a.json b.json   tells real change from noise
bellwire-bench decide                  writes down which wire, and why

  --full              figures to quote, in half an hour; default: all scenarios within three minutes
  --scenario a,b      ${SCENARIO_NAMES.join(", ")}; default: all
  --wire a,b          ws, sse, socketio, pusher or none; default: all. The control rows always run
  --workload file     the recorded trace to replay; JSON lines
  --contender file    one more contender: a module that exports "contender"; may be given again
  --rounds n          rounds of each scenario
  --seed n            the seed of the order of rounds and of the intervals
  --out folder        where the reports go; default: bench-results
  --strict            a bar that is missed fails the command, too
  --cpu-profile folder  a CPU profile of each server process of the fan-out; its figures are then worth nothing`;

/** A run as asked for. */
export interface Options {
  readonly profile: "quick" | "full";
  readonly scenarios: readonly ScenarioName[];
  readonly entries: readonly Entry[];
  readonly workload: URL;
  readonly rounds: number | undefined;
  readonly seed: number;
  readonly out: string;
  readonly strict: boolean;
  readonly cpuProfile: string | undefined;
  readonly help: boolean;
}

/** Reads the arguments. Throws a TypeError or RangeError whose message tells the user what is allowed. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      full: { type: "boolean", default: false },
      scenario: { type: "string", default: SCENARIO_NAMES.join(",") },
      wire: { type: "string" },
      workload: { type: "string" },
      contender: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
      seed: { type: "string" },
      out: { type: "string", default: "bench-results" },
      strict: { type: "boolean", default: false },
      "cpu-profile": { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  const wires = [...new Set(CONTENDERS.filter(({ optional }) => optional).map(({ id }) => id))];
  const wanted = values.wire === undefined ? wires : oneOf("wire", values.wire, [...wires, "none"]);
  return {
    profile: values.full ? "full" : "quick",
    scenarios: oneOf("scenario", values.scenario, SCENARIO_NAMES),
    entries: [
      ...CONTENDERS.filter(({ id, optional }) => !optional || wanted.includes(id)),
      ...values.contender.map(ownContender),
    ],
    workload: values.workload === undefined ? WORKOUT_DAY : pathToFileURL(values.workload),
    rounds: positive("rounds", values.rounds),
    seed: positive("seed", values.seed) ?? Math.floor(Math.random() * 1e9) + 1,
    out: values.out,
    strict: values.strict,
    cpuProfile: values["cpu-profile"],
    help: values.help,
  };
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
