/** The one link to the hub that many links share: performs what the router decides. */
import type { CloseCause, Link, Transport } from "../../link.ts";
import type { ClientMessage } from "../../protocol/messages.ts";
import { createRouter, type Router } from "./router-machine.ts";
import type { Delivery } from "./tab-messages.ts";

export interface Trunk {
  /** Has the router decide something. What the hub is to be told goes out at once, and what links are to hear with the end of the task. */
  use(decide: (router: Router) => void): void;
  /** Ends the trunk, and all of its links with `cause`. */
  close(cause: CloseCause): void;
}

/** A trunk that connects after the task of now, in which its first link is attached. `closed`: it has ended, by whomever. */
export function openTrunk(
  transport: Transport,
  deliver: (deliveries: readonly Delivery[]) => void,
  closed: () => void,
): Trunk {
  const router = createRouter();
  const { up, down } = router;
  let link: Link<ClientMessage> | undefined;
  let due = false;
  let over = false;
  const flush = (): void => {
    due = false;
    deliver(down.splice(0));
  };
  const use: Trunk["use"] = (decide) => {
    if (over) return;
    decide(router);
    if (up.length > 0 && !over) link?.send(up.splice(0));
    if (due || down.length === 0) return;
    due = true;
    queueMicrotask(flush);
  };
  const close: Trunk["close"] = (cause) => {
    if (over) return;
    over = true;
    router.fromHub({ type: "close", cause });
    closed();
    flush();
    link?.close(cause);
  };
  queueMicrotask(() => {
    if (over) return;
    link = transport.connect({
      open: () => use(() => router.fromHub({ type: "open" })),
      message: (message) => use(() => router.fromHub(message)),
      malformed: (reason) => use(() => router.fromHub({ type: "error", code: "malformed", message: reason })),
      close,
    });
  });
  return { use, close };
}
