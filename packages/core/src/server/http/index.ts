/**
 * Parts that every transport on an HTTP server needs: mounting, admission, headers, bodies,
 * answers, refusals.
 */
export { Admission, type Admitted, type AdmittingHub } from "./admission.ts";
export { answerHeaders, bearerToken, hasContentType, preflightHeaders } from "./headers.ts";
export { endIfAfterLast, markLast, unmarkLast } from "./last-request.ts";
export { type MountedRequests, type MountedUpgrades, mountRequests, mountUpgrades } from "./mount.ts";
export { allowedOriginsRule, type OriginOptions, pathRule } from "./options.ts";
export { type AllowedOrigins, isAllowedOrigins, judgeOrigin, type OriginVerdict } from "./origins.ts";
export { BODY_REFUSALS, BODY_TIME, type BodyFailure, readBody } from "./read-body.ts";
export { type HttpRefusal, type HttpReply, refusal, shortened, statusOf } from "./refusal.ts";
export { reply } from "./reply.ts";
export {
  factsOf,
  type HttpRequest,
  type HttpResponse,
  type HttpServer,
  handshakeOf,
  isHttp2,
  isSecure,
  isUnread,
  pathOf,
  queryOf,
  type RequestFacts,
  singleHeaders,
} from "./request.ts";
export { servePath } from "./served-paths.ts";
export { type RequestTaker, takeRequests } from "./take-requests.ts";
export { refuseUpgrade, takeUpgrades, type UpgradeTaker } from "./take-upgrades.ts";
export {
  type LibraryWebSocket,
  listenToWebSocket,
  WebSocketEnd,
  type WebSocketListener,
  webSocketOptions,
} from "./web-socket-end.ts";
export { type EncodeBatch, WebSocketLink } from "./web-socket-link.ts";
