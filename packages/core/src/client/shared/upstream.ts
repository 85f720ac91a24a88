/** The one link to the hub that many links share. Performs the decisions of the router. */
import type { Transport } from "../../link.ts";
import type { CloseCause } from "../../protocol/close-codes.ts";
import { createRouter, type Router } from "./router.ts";
import type { Delivery, Heard } from "./tab-messages.ts";

export interface Upstream {
  /**
   * Lets the router decide. Messages to the hub are sent at once, messages to links at the end of
   * the task.
   */
  use(decide: (router: Router) => void): void;
  /** Ends the upstream, and all of its links with `cause`. */
  close(cause: CloseCause): void;
}

/** Connects an upstream. `closed` is called when it has ended, for whatever reason. */
export function openUpstream(
  transport: Transport,
  deliver: (deliveries: readonly Delivery[]) => void,
  closed: () => void,
): Upstream {
  const router = createRouter();
  const { up, down } = router;
  let over = false;
  const flush = (): void => {
    if (down.length > 0) deliver(down.splice(0));
  };
  const use: Upstream["use"] = (decide) => {
    if (over) return;
    decide(router);
    if (up.length > 0) link.send(up.splice(0));
    queueMicrotask(flush);
  };
  const hear = (what: Heard): void => use(() => router.hear(what));
  const close: Upstream["close"] = (cause) => {
    if (over) return;
    hear({ type: "close", cause });
    over = true;
    closed();
    flush();
    link.close(cause);
  };
  const link = transport.connect({
    open: () => hear({ type: "open" }),
    message: hear,
    malformed: (message) => hear({ type: "error", code: "malformed", message }),
    close,
  });
  return { use, close };
}
