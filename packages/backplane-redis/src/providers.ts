/** A backplane from a configuration. It loads the client, and owns and closes it. */
import { BellwireError, isBellwireError } from "@bellwire/core";
import { checkOptions, type OptionRule } from "@bellwire/core/adapter";
import { redisBackplane } from "./backplane.ts";
import type { RedisClient } from "./drivers/driver-of.ts";
import { type RedisBackplaneOptions, rules, settingsOf } from "./options.ts";
import type { RedisBackplane } from "./single.ts";

/** Options of {@link redisFrom}. */
export interface RedisFromOptions extends RedisBackplaneOptions {
  /** `redis://user:password@host:6379/0`, or `rediss://…` over TLS. */
  readonly url: string;
}

const url: OptionRule = {
  allowed: "a URL that begins with redis:// or rediss://",
  test: (value) => typeof value === "string" && /^rediss?:\/\/[^\s/?#]+/.test(value) && URL.canParse(value),
};

/**
 * The provider `redis`: a backplane by `ioredis`, or by `redis` where that is not installed.
 * Resolves when Redis can be used, or at once with `absent: "wait"`. Throws and rejects as
 * {@link redisBackplane} and its `ready` do.
 */
export async function redisFrom(options: RedisFromOptions): Promise<RedisBackplane> {
  checkOptions("redisFrom", options, { ...rules, url }, ["url"]);
  settingsOf("redisFrom", options);
  const plane = redisBackplane(await clientOf(options.url), ownOptions(options));
  const ready = (): Promise<void> =>
    plane.ready().catch((error: unknown) => {
      throw renamed(error);
    });
  if (options.absent === "wait") ready().catch(() => {});
  else
    await ready().catch(async (error: unknown) => {
      await plane.close();
      throw error;
    });
  return { ...plane, ready };
}

/** A client that is never connected itself. */
async function clientOf(address: string): Promise<RedisClient> {
  try {
    const { Redis } = await import("ioredis");
    return new Redis(address, { lazyConnect: true });
  } catch {
    // Then the other one.
  }
  try {
    const { createClient } = await import("redis");
    return createClient({ url: address });
  } catch (cause) {
    throw new BellwireError(
      "invalid_option",
      "redisFrom: must find the package ioredis or redis; install one",
      {
        cause,
      },
    );
  }
}

function renamed(error: unknown): unknown {
  if (!isBellwireError(error) || error.code !== "invalid_option") return error;
  const message = error.message
    .replace("redisBackplane.client", "redisFrom.url")
    .replace("redisBackplane", "redisFrom");
  return new BellwireError("invalid_option", message, { cause: error.cause });
}

/** The options of a backplane among those of the provider, also where they are inherited. */
function ownOptions(options: RedisBackplaneOptions): RedisBackplaneOptions {
  return Object.fromEntries(
    Object.keys(rules).map((key) => [key, options[key as keyof RedisBackplaneOptions]]),
  );
}
