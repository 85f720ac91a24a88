import { BellwireError } from "@bellwire/core";
import { type MakeBackplane, VirtualClock } from "@bellwire/core/conformance";
import { type Backplane, memoryBackplane } from "@bellwire/core/server";

const MINUTES = 60_000;

/** Replaces some methods of a backplane. */
export type Change = (inner: Backplane, clock: VirtualClock) => Partial<Backplane>;

/** Makes memory backplanes for the kit: all instances are one object, as in one process. */
export const memoryStore: MakeBackplane = storeOf((shared) => shared);

/**
 * Makes backplanes that share one log in memory and close separately, as with an engine that
 * several processes use. `log` changes what they share, `instance` each of them.
 */
export function sharedStore({ log, instance }: { log?: Change; instance?: Change } = {}): MakeBackplane {
  return storeOf((shared, clock) => {
    const own = instanceOf(shared);
    return { ...own, ...instance?.(own, clock) };
  }, log);
}

function storeOf(
  instance: (shared: Backplane, clock: VirtualClock) => Backplane,
  log: Change = () => ({}),
): MakeBackplane {
  return ({ instances, history = {} }) => {
    const clock = new VirtualClock();
    const inner = memoryBackplane({ clock, history });
    const shared = { ...inner, ...log(inner, clock) };
    return {
      instances: Array.from({ length: instances }, () => instance(shared, clock)),
      history: { size: 256, ttl: 5 * MINUTES, ...history },
      advance: (ms) => clock.advance(ms),
      // A topic that nobody listens to is forgotten when its entries and ids have expired.
      lose: () => clock.advance(10 * MINUTES),
    };
  };
}

/** One instance of several: closing it leaves the shared backplane open. */
function instanceOf(shared: Backplane): Backplane {
  let closed = false;
  const stops = new Set<() => void>();
  const open = (): Backplane => {
    if (closed) throw new BellwireError("closed", "the backplane is closed");
    return shared;
  };
  return {
    append: async (...given) => open().append(...given),
    spread: async (...given) => open().spread(...given),
    read: async (...given) => open().read(...given),
    async listen(...given) {
      const stop = await open().listen(...given);
      stops.add(stop);
      return () => {
        stops.delete(stop);
        stop();
      };
    },
    async close() {
      closed = true;
      for (const stop of stops) stop();
    },
  };
}
