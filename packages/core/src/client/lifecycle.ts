/** Notices that the network, the page or the machine came back, where the platform reports it. */
import type { Clock } from "../clock.ts";

/**
 * Milliseconds between two readings of the clock, and the excess that means that the machine slept.
 */
const TICK = 5_000;
const JUMP = 10_000;

/** The part of a browser's global object that is used. */
interface PageLike {
  addEventListener?: (type: string, listener: () => void, options: { readonly signal: AbortSignal }) => void;
  document?: PageLike & { readonly visibilityState?: string };
}

/**
 * Calls `wake` when the network returns, when the page becomes visible or returns from the
 * back/forward cache, and when more time has passed than the timers counted. Returns a function
 * that stops it.
 */
export function watchLifecycle(
  clock: Clock,
  wake: () => void,
  page: PageLike = globalThis as PageLike,
): () => void {
  const { document } = page;
  const stopped = new AbortController();
  for (const type of ["online", "pageshow"]) page.addEventListener?.(type, wake, stopped);
  document?.addEventListener?.(
    "visibilitychange",
    () => {
      if (document.visibilityState === "visible") wake();
    },
    stopped,
  );

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
    stopped.abort();
  };
}
