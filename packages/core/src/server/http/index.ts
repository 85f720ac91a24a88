/** Mounting a transport on a Node HTTP server: requests, upgrades, bodies, refusals, origins. */
export { endIfAfterLast, markLast, unmarkLast } from "./last-request.ts";
export { type AllowedOrigins, isAllowedOrigins, judgeOrigin, type OriginVerdict } from "./origins.ts";
export { BODY_TIME, type BodyFailure, readBody } from "./read-body.ts";
export { type HttpReply, refusal, reply } from "./reply.ts";
export {
  type HttpRequest,
  type HttpResponse,
  type HttpServer,
  isHttp2,
  isSecure,
  isUnread,
  pathOf,
  singleHeaders,
} from "./request.ts";
export { servePath } from "./served-paths.ts";
export { type RequestTaker, takeRequests } from "./take-requests.ts";
export { refuseUpgrade, takeUpgrades, type UpgradeTaker } from "./take-upgrades.ts";
