export { type CutKind, FaultProxy, type FaultProxyOptions, startFaultProxy } from "./fault-proxy.ts";
export type { Accident, ConnectionFaults, DirectionFaults } from "./faults.ts";
export { dataText, judge } from "./ledger.ts";
export { type FaultyTransport, faultyAcceptor, faultyTransport, type MessageRule } from "./message-faults.ts";
export { freshSeed, type Random, seededRandom } from "./random.ts";
export type { Rig, RigServer } from "./rig.ts";
export type { HeadEntry, PublishEntry, RunLog, SessionEntries, SessionEntry } from "./run-log.ts";
export { describeVerdict, type Verdict, type Violation, type ViolationKind } from "./verdict.ts";
export { settle, VirtualClock } from "./virtual-clock.ts";
