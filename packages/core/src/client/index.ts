export type { BackoffOptions } from "./backoff.ts";
export { createChannel } from "./channel.ts";
export type { ChannelOptions, ChannelPublishOptions, NotificationChannel, Receipt } from "./channel-api.ts";
export type { TokenSource } from "./connection.ts";
export type { ChannelState } from "./connection-machine.ts";
export { type PositionStore, storedPositions } from "./positions.ts";
export type { Notification, NotificationOf, Subscription } from "./subscription.ts";
export type { Gap } from "./subscription-machine.ts";
