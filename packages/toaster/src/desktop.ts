/** Notifications of the desktop, while nobody looks at the page. */
import type { Notice } from "./toast.ts";

export class Desktop {
  readonly #opened: (id: string) => void;

  /** `opened` hears that one was clicked. */
  constructor(opened: (id: string) => void) {
    this.#opened = opened;
  }

  /** `default`: nobody was asked yet. `denied` also where the platform has none. */
  get permission(): NotificationPermission {
    return (globalThis.Notification as typeof Notification | undefined)?.permission ?? "denied";
  }

  /** Asks the person, which browsers allow in the handler of a click. */
  async ask(): Promise<boolean> {
    if (this.permission === "default") await Notification.requestPermission();
    return this.permission === "granted";
  }

  /** Shows it if the page is hidden and the person has allowed it. */
  show({ id, title, body }: Notice): void {
    if (!document.hidden || this.permission !== "granted") return;
    try {
      const notification = new Notification(title, { tag: id, ...(body !== undefined && { body }) });
      notification.onclick = () => {
        window.focus();
        this.#opened(id);
      };
      // The person is back, and sees the toast.
      document.addEventListener("visibilitychange", () => notification.close(), { once: true });
    } catch {
      // Browsers on phones have the class and refuse to make one; the toast waits for the person to come back.
    }
  }
}
