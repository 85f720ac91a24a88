export type { BackoffOptions } from "./backoff.ts";
export {
  type ChannelOptions,
  type ChannelPublishOptions,
  createChannel,
  type NotificationChannel,
  type Receipt,
} from "./channel.ts";
export type { TokenSource } from "./connection.ts";
export type { ChannelState } from "./connection-machine.ts";
export { type PositionStore, storedPositions } from "./positions.ts";
export type { Notification, NotificationOf, Subscription } from "./subscription.ts";
export type { Gap } from "./subscription-machine.ts";
