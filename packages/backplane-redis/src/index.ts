/** Hubs of many processes over Redis or Valkey. */
export { redisBackplane } from "./backplane.ts";
export type { RedisClient } from "./drivers/driver-of.ts";
export type { IoRedisClient } from "./drivers/ioredis.ts";
export type { NodeRedisClient } from "./drivers/node-redis.ts";
export type { RedisBackplaneOptions, RedisHistory } from "./options.ts";
export { type RedisFromOptions, redisFrom } from "./providers.ts";
export { APPEND as appendScript } from "./scripts.ts";
export type { RedisBackplane } from "./single.ts";
