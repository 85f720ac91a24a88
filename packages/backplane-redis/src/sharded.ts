/** Several servers that share the topics among them, each topic on one. */
import { createHash } from "node:crypto";
import type { RedisBackplane } from "./single.ts";

/** Topics whose server is remembered. */
const REMEMBERED = 10_000;

/**
 * Rendezvous hashing: a server that is added takes topics from all others, and no topic moves
 * between those that were there.
 */
export function sharded(servers: readonly RedisBackplane[]): RedisBackplane {
  const known = new Map<string, RedisBackplane>();
  const of = (topic: string): RedisBackplane => {
    let server = known.get(topic);
    if (!server) {
      server = servers[placeOf(topic, servers.length)] as RedisBackplane;
      if (known.size >= REMEMBERED) known.clear();
      known.set(topic, server);
    }
    return server;
  };
  return {
    async ready() {
      await Promise.all(servers.map((server) => server.ready()));
    },
    append: (topic, entry) => of(topic).append(topic, entry),
    spread: (topic, entry) => of(topic).spread(topic, entry),
    listen: (topic, listener) => of(topic).listen(topic, listener),
    read: (topic, after, limit, before) => of(topic).read(topic, after, limit, before),
    async close() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

/** The index of the server with the highest hash together with the topic. */
function placeOf(topic: string, servers: number): number {
  let best = 0;
  let highest = "";
  for (let n = 0; n < servers; n += 1) {
    const hash = createHash("sha1").update(`${n} ${topic}`).digest("hex");
    if (hash > highest) [best, highest] = [n, hash];
  }
  return best;
}
