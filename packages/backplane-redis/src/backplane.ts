/** Order, history and fan-out between hubs over Redis or Valkey. */
import { BellwireError } from "@bellwire/core";
import { checkOptions } from "@bellwire/core/adapter";
import { driverOf, type RedisClient } from "./drivers/driver-of.ts";
import { type RedisBackplaneOptions, rules, settingsOf } from "./options.ts";
import { sharded } from "./sharded.ts";
import { type RedisBackplane, single } from "./single.ts";

/**
 * Order, history and fan-out between hubs over Redis or Valkey 6.2 or later. `client` gives the
 * configuration: the backplane makes two connections like it, from its first call on, and neither
 * uses nor closes the client itself. Several clients share the topics among them; every hub must
 * give the same ones in the same order. Throws `invalid_option`.
 */
export function redisBackplane(
  client: RedisClient | readonly RedisClient[],
  options: RedisBackplaneOptions = {},
): RedisBackplane {
  checkOptions("redisBackplane", options, rules);
  const settings = settingsOf("redisBackplane", options);
  if (!Array.isArray(client))
    return single(driverOf(client as RedisClient, "redisBackplane.client"), settings);
  const clients = client as readonly RedisClient[];
  if (clients.length === 0)
    throw new BellwireError("invalid_option", "redisBackplane.client: must be at least one client");
  return sharded(clients.map((each, n) => single(driverOf(each, `redisBackplane.client[${n}]`), settings)));
}
