/** Locks among the pages of one origin: those of the browser, or leases in the store. */
import type { Clock } from "../../clock.ts";
import { randomId } from "../../random-id.ts";
import type { Records } from "./records.ts";

/** The part of `navigator.locks` that is used. */
export interface PageLocks {
  request(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
    held: (lock: unknown) => Promise<void> | undefined,
  ): Promise<unknown>;
}

/**
 * Takes the lock `name`. With `wait`, it waits until the lock is free or the signal aborts; without
 * it, it does not wait. Resolves with the function that gives the lock up, or with nothing.
 */
export type Hold = (name: string, wait?: AbortSignal) => Promise<(() => void) | undefined>;

/** The browser's locks, which end with the page. */
export function pageLocks(locks: PageLocks, prefix: string): Hold {
  return (name, wait) =>
    new Promise((resolve) => {
      const options = wait ? { signal: wait } : { ifAvailable: true };
      locks
        .request(prefix + name, options, (lock) => {
          if (lock) return new Promise<void>((release) => resolve(release));
          resolve(undefined);
        })
        // A page that may not use locks shares no store with another.
        .catch(() => resolve(wait?.aborted ? undefined : () => {}));
    });
}

/** Milliseconds for which a lease holds, after which it is renewed, and between two tries. */
const TERM = 10_000;
const RENEW = 3_000;
const AGAIN = 1_000;
/** Milliseconds in which another page that saw the same lease free has written, too. */
const SETTLE = 200;

/** A lease as it is stored. */
interface Lease {
  readonly holder: string;
  /** By the wall clock. */
  readonly until: number;
}

/**
 * Locks for pages without those of the browser. A page that was killed or stands still loses its
 * leases after 10 s. Two pages can hold the same one for a moment; what they send then has the same
 * ids.
 */
export function leases(records: Records, prefix: string, clock: Clock): Hold {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => clock.after(ms, resolve));
  const read = async (key: string): Promise<Lease | undefined> => {
    try {
      return JSON.parse((await records.read(key)) ?? "null") ?? undefined;
    } catch {
      return undefined;
    }
  };

  async function take(key: string): Promise<(() => void) | undefined> {
    const left = Number((await read(key))?.until) - clock.wall();
    // A lease that ends later than any can was written before the clock was set.
    if (left > 0 && left <= TERM) return undefined;
    const holder = randomId(12);
    const write = async (): Promise<void> =>
      records.write(key, JSON.stringify({ holder, until: clock.wall() + TERM } satisfies Lease));
    await write();
    await pause(SETTLE);
    if ((await read(key))?.holder !== holder) return undefined;
    let stop = clock.after(RENEW, function renew() {
      stop = clock.after(RENEW, renew);
      void write().catch(() => {});
    });
    return () => {
      stop();
      void read(key)
        .then((lease) => (lease?.holder === holder ? records.remove(key) : undefined))
        .catch(() => {});
    };
  }

  return async (name, wait) => {
    for (;;) {
      // A store that fails is no longer shared with anybody.
      const release = await take(prefix + name).catch(() => () => {});
      if (release && wait?.aborted) release();
      if (wait?.aborted) return undefined;
      if (release || !wait) return release;
      await pause(AGAIN);
    }
  };
}
