export type { PageLocks } from "./locks.ts";
export type { KeyValueStore, TextStorage } from "./records.ts";
export {
  type Leftover,
  type PagePlatform,
  type StoredOutboxOptions,
  storedOutbox,
} from "./stored-outbox.ts";
