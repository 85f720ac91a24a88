/** What tabs need of their platform, and the browser's own. */
import { type Clock, systemClock } from "../../clock.ts";

/** The part of `navigator.locks` that is used. */
export interface TabLocks {
  /**
   * Calls back once the exclusive lock `name` is held, which is until the promise returned there settles. Rejects when `signal` aborts
   * before that, and when another request with `steal` takes the lock away, to which it MUST be granted at once.
   */
  request(
    name: string,
    options: { readonly signal?: AbortSignal; readonly steal?: boolean },
    held: () => Promise<void> | undefined,
  ): Promise<unknown>;
}

/** A broadcast that was opened. */
export interface TabBroadcast {
  /** Reaches every other tab that has opened the same name, in order, as a structured clone. */
  post(message: unknown): void;
  /** Nothing is heard after it. What was posted before still arrives. */
  close(): void;
}

/** What {@link shared} needs to know the other tabs. */
export interface TabPlatform {
  readonly clock: Clock;
  readonly locks: TabLocks;
  broadcast(name: string, hear: (message: unknown) => void): TabBroadcast;
  /** Calls back when the page is about to be frozen, or to go. The function returned ends that. */
  onLeave(listener: () => void): () => void;
}

/** The browser's locks, broadcasts and page events; undefined where one of them is missing, as on pages that are not secure. */
export function browserTabs(): TabPlatform | undefined {
  const locks = globalThis.navigator?.locks as TabLocks | undefined;
  if (!locks || typeof BroadcastChannel !== "function" || typeof addEventListener !== "function")
    return undefined;
  return {
    clock: systemClock,
    locks,
    broadcast(name, hear) {
      const channel = new BroadcastChannel(name);
      channel.onmessage = ({ data }) => hear(data);
      return { post: (message) => channel.postMessage(message), close: () => channel.close() };
    },
    onLeave(listener) {
      // Neither bubbles as far as the other's target: `freeze` is the document's, and captured on its way there.
      addEventListener("pagehide", listener);
      addEventListener("freeze", listener, true);
      return () => {
        removeEventListener("pagehide", listener);
        removeEventListener("freeze", listener, true);
      };
    },
  };
}
