export {
  type AttachProviders,
  attachFrom,
  type BackplaneProviders,
  backplaneFrom,
  type ProviderConfig,
  type ServerConfig,
} from "./attach-from.ts";
export type { Backplane, Entry, EntryListener, History, NewEntry } from "./backplane.ts";
export { encodeOnce } from "./encode-once.ts";
export { endIfAfterLast, markLast, unmarkLast } from "./http/last-request.ts";
export { BODY_TIME, type BodyFailure, readBody } from "./http/read-body.ts";
export { type HttpReply, refusal, reply } from "./http/reply.ts";
export {
  type HttpRequest,
  type HttpResponse,
  type HttpServer,
  isHttp2,
  isSecure,
  isUnread,
  pathOf,
  singleHeaders,
} from "./http/request.ts";
export { servePath } from "./http/served-paths.ts";
export { type RequestTaker, takeRequests } from "./http/take-requests.ts";
export { refuseUpgrade, takeUpgrades, type UpgradeTaker } from "./http/take-upgrades.ts";
export { createHub } from "./hub.ts";
export type { CloseOptions, CommandRequest, Hub, HubOptions, PublishOptions } from "./hub-api.ts";
export type {
  Grant,
  Handshake,
  LinkAcceptor,
  Publication,
  PublishAnswer,
  RequestAcceptor,
  Visit,
} from "./hub-link.ts";
export type { AccessRequest, Authenticate, Authorize, Identity } from "./identity.ts";
export { DATA_DEPTH, isTooDeep } from "./json-depth.ts";
export { DEFAULT_LIMITS, type Limits } from "./limits.ts";
export { type MemoryBackplaneOptions, memoryBackplane } from "./memory-backplane.ts";
export { type AllowedOrigins, isAllowedOrigins, judgeOrigin, type OriginVerdict } from "./origins.ts";
export type { SlowReaderPolicy } from "./outgoing.ts";
export type { Outlet, OutletNotification } from "./outlet.ts";
export { textFrames } from "./text-frames.ts";
export type { HistoryCaps } from "./topic-log.ts";
