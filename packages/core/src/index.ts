export type { Capabilities, CapabilityName, Support, Supported, Weakest } from "./capabilities.ts";
export { backgroundClock, type Clock, systemClock } from "./clock.ts";
export {
  type CommandDefinition,
  type Contract,
  command,
  conflated,
  type DataOf,
  defineTopics,
  type EventDefinition,
  type EventKind,
  type EventsOf,
  type HeardOf,
  type InputOf,
  type ParamName,
  type PatternOf,
  type ResultOf,
  type TopicMap,
  type TopicMatch,
  type TopicName,
  type TopicsOf,
  type,
  volatile,
} from "./contract.ts";
export {
  BellwireError,
  ERRORS,
  type ErrorCode,
  type ErrorFact,
  isBellwireError,
  isErrorCode,
} from "./errors.ts";
export type { CloseCause, Link, LinkObserver, Transport } from "./link.ts";
export {
  atLeast,
  callable,
  checkOptions,
  flag,
  having,
  type OptionRule,
  type OptionRules,
  oneOf,
  text,
} from "./options.ts";
export { closeCause, closeFrame } from "./protocol/close-codes.ts";
export {
  type Decoded,
  decodeClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  encodeServerMessage,
  readClientMessage,
  readServerMessage,
} from "./protocol/codec.ts";
export { statusCause } from "./protocol/http-status.ts";
export * from "./protocol/messages.ts";
export { isEventName, isName, needsAuthorization, type TopicParams } from "./protocol/topics.ts";
