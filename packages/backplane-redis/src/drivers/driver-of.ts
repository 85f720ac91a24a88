/** Finds out which client the application has given. */
import { BellwireError } from "@bellwire/core";
import { having, isObject } from "@bellwire/core/adapter";
import { type IoRedisClient, ioredisDriver } from "./ioredis.ts";
import type { Driver } from "./line.ts";
import { type NodeRedisClient, nodeRedisDriver } from "./node-redis.ts";

/**
 * A client of `ioredis` (`new Redis(…)`, 5.4 or later) or of `redis` (`createClient(…)`, 5 or
 * later). It may be connected or not: the backplane takes its configuration, and makes connections
 * of its own.
 */
export type RedisClient = IoRedisClient | NodeRedisClient;

/** Throws `invalid_option`. */
export function driverOf(client: RedisClient, path: string): Driver {
  if (isObject(client) && !("nodes" in client) && having("duplicate", "connect").test(client)) {
    if (having("call").test(client)) return ioredisDriver(client as IoRedisClient);
    if (having("sendCommand").test(client)) return nodeRedisDriver(client as NodeRedisClient);
  }
  throw new BellwireError("invalid_option", `${path}: must be a client of ioredis or redis for one server`);
}
