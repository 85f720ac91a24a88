export type { Supported, Weakest } from "../capabilities.ts";
export type { BackoffOptions } from "./backoff.ts";
export { createChannel } from "./channel.ts";
export type {
  ChannelOptions,
  ChannelPublishOptions,
  NotificationChannel,
  OutboxSource,
  Publishable,
  Receipt,
  Subscribable,
} from "./channel-api.ts";
export type { TokenSource } from "./connection.ts";
export type { ChannelState, ChannelStatus } from "./connection-machine.ts";
export { type FallbackOptions, fallback } from "./fallback.ts";
export {
  EMPTY_LIST,
  type HistoryList,
  type HistoryListOptions,
  type HistoryListState,
  historyList,
} from "./joining/history-list.ts";
export type { Snapshot, SnapshotSource } from "./joining/snapshots.ts";
export {
  type HistoryChannel,
  type HistoryOptions,
  type Pageable,
  type SnapshotSubscription,
  type SubscribeOptions,
  type TopicHistory,
  withHistory,
} from "./joining/with-history.ts";
export { type PositionStore, storedPositions } from "./positions.ts";
export type { MembersChange } from "./presence.ts";
export {
  type KeyValueStore,
  type Leftover,
  type PageLocks,
  type PagePlatform,
  type StoredOutboxOptions,
  storedOutbox,
  type TextStorage,
} from "./stored/index.ts";
export type {
  Notification,
  NotificationOf,
  OneOf,
  PresenceSubscription,
  Subscription,
  SubscriptionTo,
} from "./subscription.ts";
export type { Gap } from "./subscription-machine.ts";
export {
  type FallbackConfig,
  type TransportConfig,
  type TransportFromOptions,
  type TransportProviders,
  transportFrom,
  type WireConfig,
} from "./transport-from.ts";
