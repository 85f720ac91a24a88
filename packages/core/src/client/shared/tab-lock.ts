import type { TabLocks } from "./tab-platform.ts";

/**
 * Asks for a lock. `lost`: it cannot be had, or was stolen. `steal`: takes it from its holder.
 * Returns a function that gives the lock up, or the hope for it.
 */
export type Hold = (suffix: string, held: () => void, lost?: () => void, steal?: boolean) => () => void;

/** Locks whose names begin with `name`. */
export function holdUnder(locks: TabLocks, name: string): Hold {
  return (suffix, held, lost, steal = false) => {
    let over = false;
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    locks
      .request(name + suffix, { steal }, () => {
        if (!over) held();
        return released;
      })
      .catch(() => over || lost?.());
    return () => {
      over = true;
      release();
    };
  };
}
