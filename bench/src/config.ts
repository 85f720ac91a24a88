/**
 * `bellwire-bench.config.ts`: what a team adds to the benchmark and what it wants by default. The
 * command finds it in the working directory, or where `--config` says; what the command line says
 * counts more.
 */
import type { Contender } from "./contender.ts";
import type { ScenarioName, Wire } from "./names.ts";

/** The default export of a configuration file. `W` are the names of its workloads. */
export interface BenchmarkConfig<W extends string = string> {
  /**
   * More contenders, after those that come with the benchmark. The file is loaded in every process,
   * so it MUST NOT start anything by itself.
   */
  readonly contenders?: readonly Contender[];
  /**
   * Recorded traces by name, as paths from the configuration file. `--workload name` replays one of
   * them.
   */
  readonly workloads?: Readonly<Record<W, string>>;
  /**
   * The one that is replayed by default. Default: the first of `workloads`; without any, the day of
   * a workout app.
   */
  readonly workload?: NoInfer<W>;
  /** Default: all. */
  readonly scenarios?: readonly ScenarioName[];
  /** Default: all but the engines. The control rows always run. */
  readonly wires?: readonly Wire[];
  /** Default: `quick`. */
  readonly profile?: "quick" | "full";
  /** Rounds of each scenario. Default: as the scenario and the profile say. */
  readonly rounds?: number;
  /** The seed of the order of rounds and of the intervals. Default: drawn anew. */
  readonly seed?: number;
  /** Where the reports go, from the working directory. Default: `bench-results`. */
  readonly out?: string;
}

/**
 * Gives a configuration its type; it is the same object. `export default defineBenchmark({ … })`.
 */
export function defineBenchmark<W extends string = string>(config: BenchmarkConfig<W>): BenchmarkConfig<W> {
  return config;
}
