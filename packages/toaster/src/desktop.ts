/** Desktop notifications, shown while the page is hidden. */
import type { Notice } from "./toast.ts";

/**
 * The permission. `default`: the person was not asked yet. `denied`: refused, or the platform has
 * no notifications.
 */
export function desktopPermission(): NotificationPermission {
  return (globalThis.Notification as typeof Notification | undefined)?.permission ?? "denied";
}

/** Asks the person for permission, which browsers allow in the handler of a click only. */
export async function askDesktop(): Promise<boolean> {
  if (desktopPermission() === "default") await Notification.requestPermission();
  return desktopPermission() === "granted";
}

/**
 * Shows a notice if the page is hidden and the person has granted permission. `opened` is called
 * when it is clicked.
 */
export function showOnDesktop({ id, title, body }: Notice, opened: (id: string) => void): void {
  if (!document.hidden || desktopPermission() !== "granted") return;
  try {
    const notification = new Notification(title, { tag: id, body: body ?? "" });
    notification.onclick = () => {
      window.focus();
      opened(id);
    };
    // The person is back and sees the toast.
    document.addEventListener("visibilitychange", () => notification.close(), { once: true });
  } catch {
    // Mobile browsers have the class but refuse its constructor. The toast waits until the page is
    // visible.
  }
}
