/** What the command line says. */
import { parseArgs } from "node:util";
import type { ScenarioName } from "./contender.ts";
import type { FanOutPlan } from "./fan-out/fan-out.ts";
import { CONTENDERS, type Entry, ownContender } from "./registry.ts";
import type { ReplayPlan } from "./replay/replay.ts";

export const USAGE = `npm run bench -- [options]
  --quick             small and short: for a look, not for figures
  --scenario a,b      replay, fan-out; default: both
  --wire a,b          ws, sse, socketio, pusher or none; default: all. The control rows always run
  --contender file    one more contender: a module that exports "contender"; may be given again
  --rounds n          rounds of the fan-out and parts of the replayed day
  --seed n            the seed of the order of rounds and of the intervals
  --json file         writes every slice and the fingerprint
  --profile folder    writes a CPU profile of each server process of the fan-out; its figures are then worth nothing
  --strict            a bar that is missed fails the command, too`;

/** A run as asked for. */
export interface Options {
  readonly scenarios: readonly ScenarioName[];
  readonly entries: readonly Entry[];
  readonly seed: number;
  readonly json: string | undefined;
  readonly strict: boolean;
  readonly help: boolean;
  readonly replay: ReplayPlan;
  readonly fanOut: FanOutPlan;
}

const SCENARIOS: readonly ScenarioName[] = ["replay", "fan-out"];

/** Reads the arguments. Throws a TypeError or RangeError whose message tells the user what is allowed. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      scenario: { type: "string", default: SCENARIOS.join(",") },
      wire: { type: "string" },
      contender: { type: "string", multiple: true, default: [] },
      rounds: { type: "string" },
      seed: { type: "string" },
      json: { type: "string" },
      profile: { type: "string" },
      strict: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const { quick } = values;
  const rounds = positive("rounds", values.rounds);
  const wires = [...new Set(CONTENDERS.filter(({ optional }) => optional).map(({ id }) => id))];
  const wanted = values.wire === undefined ? wires : oneOf("wire", values.wire, [...wires, "none"]);
  return {
    scenarios: oneOf("scenario", values.scenario, SCENARIOS),
    entries: [
      ...CONTENDERS.filter(({ id, optional }) => !optional || wanted.includes(id)),
      ...values.contender.map(ownContender),
    ],
    seed: positive("seed", values.seed) ?? Math.floor(Math.random() * 1e9) + 1,
    json: values.json,
    strict: values.strict,
    help: values.help,
    replay: {
      notifications: quick ? 4_000 : Number.POSITIVE_INFINITY,
      segments: rounds ?? (quick ? 1 : 3),
      seconds: quick ? 2.5 : 10,
    },
    fanOut: {
      profile: values.profile,
      subscribers: quick ? 100 : 1_000,
      rounds: rounds ?? (quick ? 3 : 30),
      starts: quick || values.profile !== undefined ? 1 : 5,
      slices: {
        1: { leadIn: quick ? 5 : 8, ticks: quick ? 15 : 25, every: 1 },
        8: { leadIn: 2, ticks: 4, every: 2 },
      },
    },
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
