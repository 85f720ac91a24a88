/** Order, history and fan-out over one server of Redis or Valkey. */
import type { Position } from "@bellwire/core";
import { randomId } from "@bellwire/core/adapter";
import type { Backplane, Entry, History } from "@bellwire/core/server";
import { Batch } from "./batch.ts";
import type { Driver, Reply } from "./drivers/line.ts";
import { Ear } from "./ear.ts";
import { Engine, foreignError } from "./engine.ts";
import { Layout } from "./layout.ts";
import type { Settings } from "./options.ts";
import { packed, unpacked } from "./payload.ts";

/** A backplane over Redis. */
export interface RedisBackplane extends Backplane {
  /**
   * Resolves when Redis can be used. The first call of another method does the same. Rejects with
   * `invalid_option` where nothing but another configuration helps, such as a wrong password, and
   * with `overloaded` where Redis cannot be used now. With `absent: "wait"` it waits instead, and
   * gives the reason to `onError`.
   */
  ready(): Promise<void>;
}

/** A backplane over the server that the driver connects to. */
export function single(driver: Driver, settings: Settings): RedisBackplane {
  const layout = new Layout(settings.prefix);
  const { size, ttl } = settings.history;
  const epochs = fresh();
  /** A connection is back: listeners get the newest entry, and find what they have missed. */
  const restored = (): void => {
    for (const topic of ear.topics)
      void read(topic, undefined, 1).then(
        (history) => {
          const entry = history.ok ? history.entries[0] : undefined;
          if (entry) ear.deliver(topic, history.head.epoch, entry);
        },
        // The position check of the hubs finds it later.
        () => {},
      );
  };
  const engine = new Engine(driver, layout, settings, restored);
  const batch = new Batch({ engine, layout, settings, epochs });
  const ear: Ear = new Ear({
    driver,
    layout,
    settings,
    publish: (channel, message) => engine.publish(channel, message),
    restored,
  });

  async function read(
    topic: string,
    after: Position | undefined,
    limit: number,
    before?: Position,
  ): Promise<History> {
    const position = after ?? before;
    const mode = after ? "after" : limit === 0 && !before ? "head" : "page";
    batch.flush();
    const reply = await engine.read(layout.keys(topic), [
      epochs(),
      String(ttl),
      mode,
      position?.epoch ?? "",
      String(position?.offset ?? 0),
      String(limit),
      String(size),
    ]);
    return historyOf(topic, reply);
  }

  function historyOf(topic: string, [epoch, offset, reason, ...stored]: readonly Reply[]): History {
    const head = { epoch: String(epoch), offset: Number(offset) };
    if (reason === "epoch" || reason === "evicted" || reason === "limit") return { ok: false, head, reason };
    const entries: Entry[] = [];
    for (let n = 0; n < stored.length; n += 2) {
      const at = Number.parseInt(String(stored[n]), 10);
      const entry = unpacked(String(stored[n + 1]), at);
      if (!entry) throw foreignError(layout.keys(topic));
      entries.push(entry);
    }
    return { ok: true, head, entries };
  }

  return {
    ready: () => engine.ready(),
    append: (topic, entry) => batch.append(topic, entry),
    spread(topic, entry) {
      batch.flush();
      return engine.publish(layout.channel(topic), `- 0 ${packed(entry)}`);
    },
    listen: (topic, listener) => ear.listen(topic, listener),
    read,
    async close() {
      batch.flush();
      ear.close();
      engine.close();
    },
  };
}

/** Makes epochs, none of them twice: a random start, and a count. */
function fresh(): () => string {
  const start = randomId(12);
  let made = 0;
  return () => {
    made += 1;
    return `${start}.${made.toString(36)}`;
  };
}
