export { type SharedOptions, shared } from "./shared.ts";
export type { TabBroadcast, TabLocks, TabPlatform } from "./tab-platform.ts";
