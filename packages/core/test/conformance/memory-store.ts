import { type MakeBackplane, VirtualClock } from "@bellwire/core/conformance";
import { type Backplane, memoryBackplane } from "@bellwire/core/server";

const MINUTES = 60_000;

/** Makes memory backplanes for the kit; `change` replaces some methods of the one that hubs share. */
export function memoryStore(change: (inner: Backplane) => Partial<Backplane> = () => ({})): MakeBackplane {
  return ({ instances, history = {} }) => {
    const clock = new VirtualClock();
    const inner = memoryBackplane({ clock, history });
    const backplane = { ...inner, ...change(inner) };
    return {
      // The hubs of one process are given one object.
      instances: Array.from({ length: instances }, () => backplane),
      history: { size: 256, ttl: 5 * MINUTES, ...history },
      advance: (ms) => clock.advance(ms),
      // A topic that nobody listens to is forgotten when its entries and ids have expired.
      lose: () => clock.advance(10 * MINUTES),
    };
  };
}
