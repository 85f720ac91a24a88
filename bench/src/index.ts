/**
 * The types for a configuration of the benchmark; the benchmark itself is the command
 * `bellwire-bench`.
 */
export { type BenchmarkConfig, defineBenchmark } from "./config.ts";
export type { ClientHalf, ClientOrder, Contender, Notice, ServeOrder, ServerHalf } from "./contender.ts";
export type { Account } from "./measure/ledger.ts";
export type { ContenderKind, ScenarioName } from "./names.ts";
export { type Wire } from "./names.ts";
export type { Fingerprint } from "./report/fingerprint.ts";
export type {
  Curve,
  Figure,
  MetricDefinition,
  Results,
  Row,
  Sample,
  ScenarioResult,
  Verdict,
} from "./results.ts";
export { contenderFromRig, type RigContenderOptions } from "./rig-contender.ts";
export type { JoiningConnection, LoadPlan, LoadStep } from "./wire/load-plan.ts";
