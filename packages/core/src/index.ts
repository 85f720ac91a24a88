export type { Capabilities, CapabilityName, Support } from "./capabilities.ts";
export type { Clock } from "./clock.ts";
export {
  type CommandDefinition,
  type Contract,
  command,
  conflated,
  type DataOf,
  defineTopics,
  type EventDefinition,
  type EventsOf,
  type HeardOf,
  type InputOf,
  type ParamName,
  type ResultOf,
  type TopicMap,
  type TopicName,
  type TopicsOf,
  type,
  volatile,
} from "./contract.ts";
export { BellwireError, ERRORS, type ErrorCode, type ErrorFact, isBellwireError } from "./errors.ts";
export type { Transport } from "./link.ts";
export type { CloseCause } from "./protocol/close-codes.ts";
export type { GapReason, Member, Position } from "./protocol/messages.ts";
