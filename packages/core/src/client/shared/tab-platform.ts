/** The platform that tabs need: a small part of a browser's global object. */
import type { Clock } from "../../clock.ts";

/** The part of `navigator.locks` that is used. */
export interface TabLocks {
  /**
   * Calls `held` once the exclusive lock `name` is granted, and holds the lock until the promise
   * that `held` returned settles. A request with `steal` MUST be granted at once, and the promise
   * of the former holder rejects.
   */
  request(name: string, options: { readonly steal: boolean }, held: () => Promise<void>): Promise<unknown>;
}

/** The part of a `BroadcastChannel` that is used. */
export interface TabBroadcast {
  onmessage: ((event: never) => unknown) | null;
  /** Reaches every other tab that has opened the same name, in order, as a structured clone. */
  postMessage(message: unknown): void;
  /** Ends the reception. Messages posted before still arrive. */
  close(): void;
}

/** The part of a browser's global object that is used, and a clock. */
export interface TabPlatform {
  /** Without `locks`, no tab shares. */
  readonly navigator?: { readonly locks?: TabLocks };
  readonly BroadcastChannel?: new (name: string) => TabBroadcast;
  /** Reports `pagehide` and `freeze`: the page is about to go, or to be frozen. */
  readonly addEventListener?: (type: string, listener: () => void, capture: boolean) => void;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** A platform on which tabs can share. */
export interface SharingPlatform extends TabPlatform {
  readonly navigator: { readonly locks: TabLocks };
  readonly BroadcastChannel: new (name: string) => TabBroadcast;
}
