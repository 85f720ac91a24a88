/** The input of a toaster, and its notices. */

/**
 * How serious it is. `warning` and `error` interrupt a screen reader, the others wait until it has
 * finished.
 */
export type Tone = "info" | "success" | "warning" | "error";

/** A button on a toast and in the centre. */
export interface ToastAction {
  readonly label: string;
  /**
   * Called on a click, after which the toast goes and counts as read. An error that it throws is
   * the page's uncaught error.
   */
  readonly run: () => unknown;
}

/** The content to show. All texts are shown as text, whatever they contain. */
export interface Toast {
  /**
   * The same id again changes what is shown and shows nothing twice; after a dismissal it shows
   * nothing. Default: an id of its own.
   */
  readonly id?: string;
  readonly title: string;
  readonly body?: string;
  /** Default: `info`. */
  readonly tone?: Tone;
  readonly actions?: readonly ToastAction[];
  /**
   * Milliseconds on the screen; 0 stays until it is dismissed. Default: 6,000, and 0 for an error
   * or with actions.
   */
  readonly timeout?: number;
  /** When it happened, in wall-clock milliseconds since 1970. Default: now. */
  readonly time?: number;
}

/** An entry of the notification centre. Another object whenever something about it has changed. */
export interface Notice extends Toast {
  readonly id: string;
  readonly tone: Tone;
  readonly actions: readonly ToastAction[];
  readonly time: number;
  readonly read: boolean;
}

/** The words that the toaster itself says. */
export interface ToasterLabels {
  readonly notifications: string;
  readonly unread: (count: number) => string;
  /** Said before the title of a notice that is not read. */
  readonly unreadNotice: string;
  readonly dismiss: (title: string) => string;
  readonly readAll: string;
  readonly empty: string;
  readonly desktop: string;
}

/** The words in English. */
export const ENGLISH: ToasterLabels = {
  notifications: "Notifications",
  unread: (count) => `${count} unread`,
  unreadNotice: "Unread:",
  dismiss: (title) => `Dismiss: ${title}`,
  readAll: "Mark all as read",
  empty: "Nothing yet",
  desktop: "Notify me on the desktop, too",
};
