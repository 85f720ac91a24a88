/** Notices that the network, the page or the machine came back, where the platform can tell. */
import type { Clock } from "../clock.ts";

/** Milliseconds between two looks at the clock, and the extra that means the machine was asleep. */
const TICK = 5_000;
const JUMP = 10_000;

/** The events of a page after which a connection deserves a look. */
const WINDOW_EVENTS = ["online", "pageshow"] as const;

/** The little of a browser's global object that is listened to. */
interface PageLike {
  addEventListener?: (type: string, listener: () => void) => void;
  removeEventListener?: (type: string, listener: () => void) => void;
  document?: PageLike & { readonly visibilityState?: string };
}

/**
 * Calls `wake` when the page gets the network back, becomes visible, returns from the back/forward cache, or when more time
 * passed than the timers counted. Returns a function that stops it.
 */
export function watchLifecycle(
  clock: Clock,
  wake: () => void,
  page: PageLike = globalThis as PageLike,
): () => void {
  const { document } = page;
  const visible = (): void => {
    if (document?.visibilityState === "visible") wake();
  };
  for (const type of WINDOW_EVENTS) page.addEventListener?.(type, wake);
  document?.addEventListener?.("visibilitychange", visible);

  // By the wall clock: a monotonic one may stand still while the machine sleeps.
  let last = clock.wall();
  let cancel = clock.after(TICK, function look() {
    const now = clock.wall();
    if (now - last > TICK + JUMP) wake();
    last = now;
    cancel = clock.after(TICK, look);
  });
  return () => {
    cancel();
    for (const type of WINDOW_EVENTS) page.removeEventListener?.(type, wake);
    document?.removeEventListener?.("visibilitychange", visible);
  };
}
