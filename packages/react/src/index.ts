"use client";
/**
 * Bellwire in React: one channel for a tree of components, and hooks that are typed by the
 * program's contract.
 */
export { useChannelState, useChannelStatus } from "./channel-state.ts";
export { type History, type HistoryHookOptions, useHistory } from "./history.ts";
export {
  type NotificationList,
  type NotificationListOptions,
  useNotifications,
} from "./notifications.ts";
export { type Presence, type PresenceTopics, usePresence } from "./presence.ts";
export { ChannelProvider, type ChannelProviderProps } from "./provider.ts";
export { type Publisher, usePublish } from "./publish.ts";
export type { Register, RegisteredChannel, RegisteredTopics } from "./register.ts";
export {
  type EventHandlers,
  type SubscriptionHandlers,
  type SubscriptionOptions,
  useSubscription,
} from "./subscription.ts";
export type { TopicStatus } from "./topic-state.ts";
