/** The leader's work for all tabs: holds the upstream, and notices tabs that are gone. */
import type { Clock } from "../../clock.ts";
import type { Transport } from "../../link.ts";
import type { CloseCause } from "../../protocol/close-codes.ts";
import type { ClientMessage } from "../../protocol/messages.ts";
import type { Hold } from "./tab-lock.ts";
import { AGAIN, type Delivery, type LinkId, type TabCommand } from "./tab-messages.ts";
import { openUpstream, type Upstream } from "./upstream.ts";

/**
 * Milliseconds for which a link that is lost keeps its subscriptions, so that a page that reloads
 * does not leave and join in between.
 */
const GRACE = 5_000;

/** Performs what a tab asks of the upstream. A `close` of the link "" ends all links. */
export type Leadership = (command: TabCommand) => void;

/**
 * A leadership of the tab `own`. `deliver`: gives links their messages; `others`: links of other
 * tabs may be among them.
 */
export function createLeadership(
  transport: Transport,
  clock: Clock,
  own: string,
  deliver: (deliveries: readonly Delivery[], others: boolean) => void,
  hold: Hold,
): Leadership {
  /** Tabs whose end this one will notice, or is. */
  const watched: Set<string> = new Set([own]);
  let upstream: Upstream | undefined;

  /** Adds a link to the upstream, which is made for the first of them. */
  function attach(link: LinkId): void {
    upstream ??= openUpstream(
      transport,
      (deliveries) => deliver(deliveries, watched.size > 1),
      () => {
        upstream = undefined;
      },
    );
    upstream.use((router) => router.attach(link));
    const [tab = ""] = link.split("/");
    if (watched.has(tab)) return;
    watched.add(tab);
    // The lock of a tab is granted when the tab is gone.
    const done = hold(`/${tab}`, () => {
      done();
      watched.delete(tab);
      detach(tab, AGAIN);
    });
  }

  /**
   * Removes a link that was closed, or all links of a tab. A link that did not leave may be back
   * soon, and stays subscribed until then.
   */
  function detach(gone: string, cause: CloseCause): void {
    upstream?.use((router) => {
      const left = Array.from(router.links).filter((link) => link.startsWith(gone));
      // A hub that one channel does not hear any more is dead for all of them.
      if (left.length === router.links.size || cause.code === "timeout") upstream?.close(cause);
      else if (cause.code === "normal") for (const link of left) router.detach(link);
      else clock.after(GRACE, () => detach(gone, { code: "normal" }));
    });
  }

  return ([kind, , link, more]) => {
    switch (kind) {
      case "open":
        return attach(link);
      case "send":
        return upstream?.use((router) => {
          for (const message of JSON.parse(more) as ClientMessage[]) router.send(link, message);
        });
      case "close":
        detach(link, more);
    }
  };
}
