/** The notices of a centre, and which of them are read. Independent of the page and of time. */
import type { ReadStore } from "./reads.ts";
import type { Notice, Toast } from "./toast.ts";

/** Ids that are remembered after their notice has been read or dismissed. */
const REMEMBERED = 500;

/** The prefix of generated ids. They mean nothing on another page and are not stored. */
const OWN = "bellwire:";

/**
 * The notice that was added, and whether to show it: it is new and not quiet, and was neither read
 * nor dismissed.
 */
export interface Put {
  readonly notice: Notice;
  readonly isNews: boolean;
}

/** The list. It notifies nobody: the caller renders it again after every change. */
export class NoticeList {
  /** Newest first, by their times. */
  notices: readonly Notice[] = [];
  /** The number of notices kept; the oldest is dropped first. */
  limit = 100;
  /** The store of the ids of read notices; see {@link NoticeList.restore}. */
  store: ReadStore | undefined;
  /** The ids of read and dismissed notices, the newest last. */
  readonly #read = new Set<string>();
  readonly #dismissed = new Set<string>();
  #made = 0;

  get unread(): number {
    return this.notices.filter(({ read }) => !read).length;
  }

  /** Sets the store and reads it at once: notices that are read there become read here. */
  restore(store: ReadStore | undefined): void {
    this.store = store;
    for (const id of store?.load() ?? []) remember(this.#read, id);
    this.notices = this.notices.map((notice) =>
      this.#read.has(notice.id) ? { ...notice, read: true } : notice,
    );
  }

  /**
   * Adds a notice, or changes the one with its id. A notice that was read on an earlier page is
   * added as read; a dismissed one is not added.
   */
  put(toast: Toast, now: number): Put {
    const { id = `${OWN}${++this.#made}` } = toast;
    const before = this.notices.find((notice) => notice.id === id);
    const gone = this.#dismissed.has(id);
    const read = before?.read ?? (gone || this.#read.has(id));
    const { tone = "info", actions = [], time = before?.time ?? now } = toast;
    const notice: Notice = { ...toast, id, tone, actions, time, read };
    if (before) this.notices = this.notices.map((other) => (other === before ? notice : other));
    // Of two with one time, the later stands first.
    else if (!gone)
      this.notices = [notice, ...this.notices].sort((a, b) => b.time - a.time).slice(0, this.limit);
    return { notice, isNews: !(before || read || toast.quiet) };
  }

  /** Marks notices as read; without ids, all of them. */
  read(ids?: readonly string[]): void {
    const before = this.notices;
    this.notices = before.map((notice) =>
      (ids?.includes(notice.id) ?? true) && !notice.read ? { ...notice, read: true } : notice,
    );
    this.#remember(this.notices.filter((notice) => !before.includes(notice)));
  }

  /** Removes notices for good; without ids, all of them. */
  dismiss(ids?: readonly string[]): void {
    const leaving = this.notices.filter((notice) => ids?.includes(notice.id) ?? true);
    for (const { id } of leaving) remember(this.#dismissed, id);
    this.notices = this.notices.filter((notice) => !leaving.includes(notice));
    this.#remember(leaving);
  }

  #remember(notices: readonly Notice[]): void {
    // The newest id is last, so that it is forgotten last.
    for (const { id } of Array.from(notices).reverse()) remember(this.#read, id);
    this.store?.save(Array.from(this.#read).filter((id) => !id.startsWith(OWN)));
  }
}

function remember(ids: Set<string>, id: string): void {
  ids.delete(id);
  ids.add(id);
  const [oldest = id] = ids;
  if (ids.size > REMEMBERED) ids.delete(oldest);
}
