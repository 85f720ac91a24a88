/** One run: every scenario that was asked for over every contender that takes part. */
import { seededRandom } from "./measure/random.ts";
import type { Options } from "./options.ts";
import { childModule, compileAhead } from "./process/ahead.ts";
import { loadContender } from "./registry.ts";
import { fingerprint } from "./report/fingerprint.ts";
import type { PlannedPart, Progress } from "./report/progress.ts";
import { RESULTS_VERSION, type Results, type ScenarioResult } from "./results.ts";
import type { Entrant, Scenario } from "./scenario.ts";
import { SCENARIOS } from "./scenarios/all.ts";
import { Pairs } from "./stage.ts";

/**
 * Runs, and hands over each scenario's result as soon as it is there. Rejects when the benchmark
 * itself fails.
 */
export async function run(
  options: Options,
  progress: Progress,
  ready: (scenario: ScenarioResult) => void,
): Promise<Results> {
  const began = new Date();
  await compileAhead();
  const print = fingerprint(options.seed);
  const random = seededRandom(options.seed);
  const all = await Promise.all(
    options.entries.map(async ({ module }): Promise<Entrant> => {
      return { module: childModule(module), contender: await loadContender(module) };
    }),
  );
  const names = all.map(({ contender }) => contender.name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw new RangeError(`two contenders are called ${twice}`);
  const pairs = new Pairs();
  const scenarios: ScenarioResult[] = [];
  try {
    for (const scenario of scenariosOf(options)) {
      const entrants = all.filter((entrant) => takesPart(scenario, entrant));
      if (entrants.length === 0) continue;
      const { profile, rounds, workload, cpuProfile } = options;
      const { pair, freshPair, freshServer, network } = pairs;
      const result = await scenario.run({
        entrants,
        profile,
        rounds,
        workload,
        cpuProfile,
        random,
        progress,
        pair,
        freshPair,
        freshServer,
        network,
      });
      progress.end();
      scenarios.push(result);
      ready(result);
    }
  } finally {
    await pairs.stop();
  }
  return {
    version: RESULTS_VERSION,
    startedAt: began.toISOString(),
    seconds: (Date.now() - began.getTime()) / 1_000,
    profile: options.profile,
    fingerprint: print,
    scenarios,
  };
}

/** The parts of a run and how long they take, about. */
export function plannedParts(options: Pick<Options, "scenarios" | "profile">): PlannedPart[] {
  return scenariosOf(options).map(({ name, seconds = SECONDS }) => ({
    name,
    seconds: seconds[options.profile],
  }));
}

/** How long a scenario takes that does not say so. */
const SECONDS = { quick: 10, full: 180 } as const;

function scenariosOf({ scenarios }: Pick<Options, "scenarios">): Scenario[] {
  return SCENARIOS.filter(({ name }) => scenarios.includes(name));
}

function takesPart(scenario: Scenario, { contender }: Entrant): boolean {
  return (contender.scenarios?.includes(scenario.name) ?? true) && scenario.takesPart(contender);
}
