/** Notifications of the desktop, while nobody looks at the page. */
import type { Notice } from "./toast.ts";

/** `default`: nobody was asked yet. `denied` also where the platform has none. */
export function desktopPermission(): NotificationPermission {
  return (globalThis.Notification as typeof Notification | undefined)?.permission ?? "denied";
}

/** Asks the person, which browsers allow in the handler of a click. */
export async function askDesktop(): Promise<boolean> {
  if (desktopPermission() === "default") await Notification.requestPermission();
  return desktopPermission() === "granted";
}

/**
 * Shows it if the page is hidden and the person has allowed it. `opened` hears that it was clicked.
 */
export function showOnDesktop({ id, title, body }: Notice, opened: (id: string) => void): void {
  if (!document.hidden || desktopPermission() !== "granted") return;
  try {
    const notification = new Notification(title, { tag: id, body: body ?? "" });
    notification.onclick = () => {
      window.focus();
      opened(id);
    };
    // The person is back, and sees the toast.
    document.addEventListener("visibilitychange", () => notification.close(), { once: true });
  } catch {
    // Browsers on phones have the class and refuse to make one; the toast waits for the person to
    // come back.
  }
}
