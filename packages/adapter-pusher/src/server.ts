/** The server half of hosted Pusher: a broadcaster that publishes there, and the routes that its clients ask. */
export { attachPusherRoutes } from "./hosted/attach-routes.ts";
export { type HostedPusherOptions, hostedPusher } from "./hosted/hosted-pusher.ts";
export type { PusherRoutesOptions, WebhookEvent } from "./hosted/route-options.ts";
export type { PusherApp } from "./signature.ts";
