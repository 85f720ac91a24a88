/** What tabs need of their platform: a little of a browser's global object. */
import type { Clock } from "../../clock.ts";

/** The part of `navigator.locks` that is used. */
export interface TabLocks {
  /**
   * Calls back once the exclusive lock `name` is held, which is until the promise returned there settles. A request with `steal` MUST be
   * granted at once, and whoever held the lock has its promise rejected.
   */
  request(name: string, options: { readonly steal: boolean }, held: () => Promise<void>): Promise<unknown>;
}

/** The part of a `BroadcastChannel` that is used. */
export interface TabBroadcast {
  onmessage: ((event: never) => unknown) | null;
  /** Reaches every other tab that has opened the same name, in order, as a structured clone. */
  postMessage(message: unknown): void;
  /** Nothing is heard after it. What was posted before still arrives. */
  close(): void;
}

/** The part of a browser's global object that is used, and a clock. */
export interface TabPlatform {
  /** Without `locks`, no tab shares. */
  readonly navigator?: { readonly locks?: TabLocks };
  readonly BroadcastChannel?: new (name: string) => TabBroadcast;
  /** Hears of `pagehide` and `freeze`: the page is about to go, or to be frozen. */
  readonly addEventListener?: (type: string, listener: () => void, capture: boolean) => void;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** A platform on which tabs can share. */
export interface SharingPlatform extends TabPlatform {
  readonly navigator: { readonly locks: TabLocks };
  readonly BroadcastChannel: new (name: string) => TabBroadcast;
}
