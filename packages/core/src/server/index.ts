export type { LinkAcceptor } from "./acceptor.ts";
export {
  type AttachProviders,
  attachFrom,
  type BackplaneProviders,
  backplaneFrom,
  type ProviderConfig,
  type ServerConfig,
} from "./attach-from.ts";
export type { Backplane, Entry, EntryListener, History, NewEntry } from "./backplane.ts";
export type { Broadcast, Broadcaster } from "./broadcaster.ts";
export type { Handshake } from "./handshake.ts";
export type { AllowedOrigins } from "./http/origins.ts";
export { createHub } from "./hub.ts";
export type {
  CloseOptions,
  CommandRequest,
  Hub,
  HubHistory,
  HubHistoryOptions,
  HubOptions,
  PublishOptions,
  StoredNotification,
} from "./hub-api.ts";
export type { HubEvents, LinkFacts, SubscriptionFacts } from "./hub-events.ts";
export type { AccessRequest, Authenticate, Authorize, Identity } from "./identity.ts";
export { DEFAULT_LIMITS, type Limits } from "./limits.ts";
export { type MemoryBackplaneOptions, memoryBackplane } from "./memory-backplane.ts";
export type { SlowConsumerPolicy } from "./slow-consumer.ts";
export type { HistoryCaps } from "./topic-log.ts";
