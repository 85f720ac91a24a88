/**
 * The bell beyond one page: a device shows each notice once as a toast, and a reload leaves the
 * bell as it was. The notices come from the server; the device remembers which of them it has
 * shown, and which the user has read or removed.
 */
import type { Notice, ReadStore, Toast, ToasterHandle } from "@bellwire/toaster/react";
import { storedReads } from "@bellwire/toaster/react";

/** Ids that are remembered of each kind. */
const REMEMBERED = 500;

/** A notice that is the same one on every page. */
export type BellNotice = Toast & { readonly id: string };

/** One user's bell. */
export class Bell {
  readonly reads: ReadStore;
  readonly #key: string;
  /** The notices that this page has put into it. */
  readonly #given: Set<string> = new Set();
  /** Those that it has marked as read. */
  readonly #read: Set<string> = new Set();
  #removed: readonly string[];

  constructor(userId: string) {
    this.#key = `tracker:bell:${userId}`;
    this.reads = storedReads(localStorage, `${this.#key}:read`);
    this.#removed = this.#remembered("removed") ?? [];
  }

  /**
   * Adds notices that are not there yet; those that this device has not shown before are toasts.
   * `seen` ones are read, and so are all of a source that this device did not know.
   */
  put(toaster: ToasterHandle, source: string, notices: readonly BellNotice[], seen: boolean): void {
    const shown = this.#remembered(source);
    for (const notice of notices) {
      const { id } = notice;
      if (this.#removed.includes(id)) continue;
      const isOld = seen || shown === undefined;
      if (!this.#given.has(id)) toaster.show({ ...notice, quiet: isOld || shown.includes(id) });
      this.#given.add(id);
      if (isOld && !this.#read.has(id)) toaster.read(id);
      if (isOld) this.#read.add(id);
    }
    this.#remember(
      source,
      notices.map(({ id }) => id),
    );
  }

  /** Looks for what the user has removed. */
  changed(notices: readonly Notice[]): void {
    const there = new Set(notices.map(({ id }) => id));
    const removed = Array.from(this.#given).filter((id) => !there.has(id));
    if (removed.length === 0) return;
    for (const id of removed) this.#given.delete(id);
    this.#removed = [...this.#removed, ...removed].slice(-REMEMBERED);
    this.#remember("removed", this.#removed);
  }

  #remembered(what: string): readonly string[] | undefined {
    return JSON.parse(localStorage.getItem(`${this.#key}:${what}`) ?? "null") ?? undefined;
  }

  #remember(what: string, ids: readonly string[]): void {
    localStorage.setItem(`${this.#key}:${what}`, JSON.stringify(ids.slice(-REMEMBERED)));
  }
}
