/**
 * The server half for the hosted service: a broadcaster that publishes there, and routes for
 * requests of its clients.
 */
export { attachPusherRoutes } from "./hosted/server/attach-routes.ts";
export { type HostedPusherOptions, hostedPusher } from "./hosted/server/hosted-pusher.ts";
export type { PusherRoutesOptions, WebhookEvent } from "./hosted/server/options.ts";
export type { PusherApp } from "./protocol/app.ts";
