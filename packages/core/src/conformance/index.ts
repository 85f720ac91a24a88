export type { BackplaneCase, Requirement } from "./backplane/backplane-case.ts";
export {
  type BackplaneRun,
  type BackplaneRunner,
  backplaneCases,
  backplaneConformance,
  runBackplaneCase,
} from "./backplane/backplane-conformance.ts";
export { BackplaneContext } from "./backplane/backplane-context.ts";
export { Heard } from "./backplane/heard.ts";
export type { BackplaneSetup, BackplaneStore, MakeBackplane, StoreHistory } from "./backplane/store.ts";
export type { Case } from "./cases/case.ts";
export { Client, type ClientParts, type KitSubscription } from "./client.ts";
export { cases, conformance, type Runner, runCase } from "./conformance.ts";
export { CaseContext, type ClientSetup, type HubSetup } from "./context.ts";
export {
  type CutKind,
  type Direction,
  FaultProxy,
  type FaultProxyOptions,
  startFaultProxy,
} from "./fault-proxy.ts";
export type { Accident, ConnectionFaults, DirectionFaults } from "./faults.ts";
export { httpRig } from "./http-rig.ts";
export { type KitTopics, kitTopics, type Numbered } from "./kit-topics.ts";
export { dataText, judge } from "./ledger.ts";
export { memoryRig } from "./memory-rig.ts";
export { type FaultyTransport, faultyAcceptor, faultyTransport, type MessageRule } from "./message-faults.ts";
export { OPTION_SECRET, type OptionSubject, optionConformance, optionValues } from "./option-conformance.ts";
export { type Attempt, PublishLog } from "./publish-log.ts";
export { freshSeed, type Random, seededRandom } from "./random.ts";
export type { Rig, RigServer } from "./rig.ts";
export type { HeadEntry, PublishEntry, RunLog, SessionEntries, SessionEntry } from "./run-log.ts";
export { type Followed, SessionLog, until } from "./session-log.ts";
export { type SlowLinks, slowLinks } from "./slow-links.ts";
export { describeVerdict, type Verdict, type Violation, type ViolationKind } from "./verdict.ts";
export { settle, VirtualClock } from "./virtual-clock.ts";
export type { EngineUnderTest, Hardship, Way } from "./ways.ts";
