/** The one link to the hub that many links share: performs what the router decides. */
import type { CloseCause, Transport } from "../../link.ts";
import { createRouter, type Router } from "./router-machine.ts";
import type { Delivery, Heard } from "./tab-messages.ts";

export interface Trunk {
  /** Has the router decide something. What the hub is to be told goes out at once, and what links are to hear with the end of the task. */
  use(decide: (router: Router) => void): void;
  /** Ends the trunk, and all of its links with `cause`. */
  close(cause: CloseCause): void;
}

/** A trunk that connects. `closed`: it has ended, by whomever. */
export function openTrunk(
  transport: Transport,
  deliver: (deliveries: readonly Delivery[]) => void,
  closed: () => void,
): Trunk {
  const router = createRouter();
  const { up, down } = router;
  let over = false;
  const flush = (): void => {
    if (down.length > 0) deliver(down.splice(0));
  };
  const use: Trunk["use"] = (decide) => {
    if (over) return;
    decide(router);
    if (up.length > 0) link.send(up.splice(0));
    queueMicrotask(flush);
  };
  const hear = (what: Heard): void => use(() => router.fromHub(what));
  const close: Trunk["close"] = (cause) => {
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
