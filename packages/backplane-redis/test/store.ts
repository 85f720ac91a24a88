/** Stores for the backplane kit: each has a prefix of its own on a server that they share. */
import { type RedisClient, redisBackplane } from "@bellwire/backplane-redis";
import type { BackplaneStore, MakeBackplane } from "@bellwire/core/conformance";
import type { RedisServer } from "./redis-server.ts";

let made = 0;

/** A prefix that no other store of this process has. */
export function freshPrefix(): string {
  made += 1;
  return `kit-${process.pid}-${made}`;
}

/** Deletes everything of a prefix. */
export async function forget({ control }: RedisServer, prefix: string): Promise<void> {
  const keys = await control.keys(`${prefix}:*`);
  if (keys.length > 0) await control.del(...keys);
}

/** Makes stores on a server; `client` gives what each instance is made on. */
export function storesOn(server: () => RedisServer, client: () => RedisClient): MakeBackplane {
  return ({ instances, history = {} }): BackplaneStore => {
    const prefix = freshPrefix();
    return {
      instances: Array.from({ length: instances }, () =>
        redisBackplane(client(), { prefix, history, onError: () => {} }),
      ),
      history: { size: history.size ?? 256 },
      lose: () => forget(server(), prefix),
      release: () => forget(server(), prefix),
    };
  };
}
