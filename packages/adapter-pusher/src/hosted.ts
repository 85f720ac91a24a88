/** The server half of hosted Pusher: a broadcaster that publishes there, and the routes that its clients ask. */
export { attachPusherRoutes } from "./hosted/server/attach-routes.ts";
export { type HostedPusherOptions, hostedPusher } from "./hosted/server/hosted-pusher.ts";
export type { PusherRoutesOptions, WebhookEvent } from "./hosted/server/options.ts";
export type { PusherApp } from "./protocol/app.ts";
