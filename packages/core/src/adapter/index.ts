/**
 * The entry for authors of transports, beside those for applications. It runs in browsers and in
 * Node.
 */
export { systemClock } from "../clock.ts";
export { contractRule } from "../contract.ts";
export { isErrorCode } from "../errors.ts";
export type { Link, LinkObserver, Transport } from "../link.ts";
export {
  atLeast,
  callable,
  checkOptions,
  flag,
  having,
  isObject,
  milliseconds,
  type OptionRule,
  type OptionRules,
  object,
  oneOf,
  optionOf,
  text,
  withDefaults,
} from "../options.ts";
export { pageUrl } from "../page-url.ts";
export { type CloseCause, closeCause, closeFrame } from "../protocol/close-codes.ts";
export {
  type Decoded,
  decodeClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  encodeServerMessage,
  readClientMessage,
  readServerMessage,
} from "../protocol/codec.ts";
export { readRefusal, statusCause } from "../protocol/http-status.ts";
export * from "../protocol/messages.ts";
export { hasPresence, isEventName, isId, isName, needsAuthorization } from "../protocol/names.ts";
export { randomId } from "../random-id.ts";
export type {
  ClientRequest,
  HubPeers,
  LinkAcceptor,
  PeerHandler,
  Publication,
  PublishAnswer,
  RequestAcceptor,
} from "../server/acceptor.ts";
export { type CheckedData, checkedData } from "../server/checked-data.ts";
export { encodeOnce } from "../server/encode-once.ts";
export { byeOf } from "../server/farewell.ts";
export type { Grant, Handshake } from "../server/handshake.ts";
export { DATA_DEPTH, isTooDeep } from "../server/json-depth.ts";
export { textFrames } from "../server/text-frames.ts";
export { TokenBucket } from "../token-bucket.ts";
