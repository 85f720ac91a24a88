/**
 * A scenario: one question about a wire, put to every contender alike. A new one is a file in
 * `scenarios` that exports a {@link Scenario}, and one line in its list.
 */
import type { Contender } from "./contender.ts";
import type { Random } from "./measure/random.ts";
import type { ScenarioName } from "./names.ts";
import type { Network } from "./network/network.ts";
import type { Child } from "./process/child.ts";
import type { Progress } from "./report/progress.ts";
import type { ScenarioResult } from "./results.ts";

/** One scenario. */
export interface Scenario {
  readonly name: ScenarioName;
  /**
   * How long it takes over all contenders, about, for the time that is left. Default: 10 quick, 180
   * full.
   */
  readonly seconds?: Readonly<Record<"quick" | "full", number>>;
  /** Whether a contender has what this asks for; those that have not are left out of the table. */
  takesPart(contender: Contender): boolean;
  /**
   * Runs it over all contenders in turns. Rejects only when the benchmark itself fails; what a
   * contender does wrong is in its row.
   */
  run(stage: Stage): Promise<ScenarioResult>;
}

/** A contender that takes part in a scenario. */
export interface Entrant {
  /** The address of its module, under which child processes load it. */
  readonly module: string;
  readonly contender: Contender;
}

/** The two processes of one contender. */
export interface Pair {
  readonly server: Child;
  readonly clients: Child;
}

/** The surroundings of a scenario. */
export interface Stage {
  /** Those that take part, in the order of the table. */
  readonly entrants: readonly Entrant[];
  /**
   * `quick`: all scenarios over all contenders within three minutes, so some ten seconds for one
   * scenario.
   */
  readonly profile: "quick" | "full";
  /** Rounds, when the user gave a number. */
  readonly rounds: number | undefined;
  /** The recorded trace that is replayed. */
  readonly workload: URL;
  /**
   * A folder for CPU profiles of server processes; figures measured meanwhile are worth nothing.
   */
  readonly cpuProfile: string | undefined;
  readonly random: Random;
  readonly progress: Progress;
  /**
   * The contender's processes, started at the first time and kept for the next scenario, as
   * starting them takes longer than most slices.
   */
  pair(entrant: Entrant): Pair;
  /**
   * Processes of one scenario alone, where what came before would show. The scenario stops them.
   */
  freshPair(entrant: Entrant): Pair;
  /**
   * A network between clients and servers, with nothing left of an earlier scenario. The scenario
   * closes it.
   */
  network(): Promise<Network>;
  /**
   * A server alone, for the clients of {@link pair}, where only the server's past would show. The
   * scenario stops it.
   */
  freshServer(entrant: Entrant): Child;
}
