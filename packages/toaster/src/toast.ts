/** The types of a toaster's input and of its notices. */

/**
 * The severity. `warning` and `error` interrupt a screen reader, the others wait until it has
 * finished.
 */
export type Tone = "info" | "success" | "warning" | "error";

/** A button on a toast and in the centre. */
export interface ToastAction {
  readonly label: string;
  /**
   * Called on a click, after which the toast disappears and its notice is read. An error that it
   * throws is uncaught.
   */
  readonly run: () => unknown;
}

/** The content of a toast. All texts are shown as text, never as markup. */
export interface Toast {
  /**
   * A repeated id updates the toast instead of adding one; after a dismissal it shows nothing.
   * Default: a generated id.
   */
  readonly id?: string;
  readonly title: string;
  readonly body?: string;
  /** Default: `info`. */
  readonly tone?: Tone;
  readonly actions?: readonly ToastAction[];
  /**
   * Milliseconds on the screen; 0 means until it is dismissed. Default: 6,000, or 0 for an error
   * and for a toast with actions.
   */
  readonly timeout?: number;
  /** The time of the event, in milliseconds since 1970. Default: now. */
  readonly time?: number;
  /**
   * Adds it to the centre alone: for a notification that an earlier page has shown. Default: false.
   */
  readonly quiet?: boolean;
}

/** An entry of the notification centre. A change of an entry makes another object. */
export interface Notice extends Toast {
  readonly id: string;
  readonly tone: Tone;
  readonly actions: readonly ToastAction[];
  readonly time: number;
  readonly read: boolean;
}

/** The toaster's own texts. */
export interface ToasterLabels {
  readonly notifications: string;
  readonly unread: (count: number) => string;
  /** Read out before the title of an unread notice. */
  readonly unreadNotice: string;
  readonly dismiss: (title: string) => string;
  readonly readAll: string;
  readonly empty: string;
  readonly desktop: string;
}

/** The texts in English. */
export const ENGLISH: ToasterLabels = {
  notifications: "Notifications",
  unread: (count) => `${count} unread`,
  unreadNotice: "Unread:",
  dismiss: (title) => `Dismiss: ${title}`,
  readAll: "Mark all as read",
  empty: "Nothing yet",
  desktop: "Notify me on the desktop, too",
};
