/** One tab among those that share: follows the leader or leads, and leaves. */
import type { Clock } from "../../clock.ts";
import type { Transport } from "../../link.ts";
import { randomId } from "../../random-id.ts";
import { createLeadership, type Leadership } from "./leadership.ts";
import { createTabLink, type TabLink } from "./tab-link.ts";
import { holdUnder } from "./tab-lock.ts";
import { AGAIN, type Delivery, type LinkId, type TabCommand, type TabMessage } from "./tab-messages.ts";
import type { SharingPlatform, TabBroadcast } from "./tab-platform.ts";

/**
 * Makes a tab that takes part from its first link on. Returns the function that makes its links.
 * `name`: of the lock and the broadcast that the tabs have in common.
 */
export function createTab(
  transport: Transport,
  name: string,
  clock: Clock,
  platform: SharingPlatform,
): Transport["connect"] {
  /** Milliseconds between two looks at whether there is a leader, and anything to do. */
  const LOOK = 1_000;
  /** Looks in vain after which the leader is asked for a sign of life. */
  const ASK = 2;
  /** Looks in vain after which the leader is taken for dead, or a tab without links leaves. */
  const GIVE_UP = 4;
  const hold = holdUnder(platform.navigator.locks, name);
  const links: Map<LinkId, TabLink> = new Map();
  const excluded: Set<string> = new Set();
  /** The page has locks and may not use them: its links are connections of their own. */
  let alone = false;
  let id: string;
  /** Counts the links, so that none has the id of an earlier one. */
  let count = 0;
  /** Looks since the leader was last heard, or since the tab last had anything to do. */
  let looks = 0;
  let stopLooking = (): void => {};
  /** Gives up the lock of this tab; there from the first link until the tab takes no part. */
  let quit: (() => void) | undefined;
  /** Gives up the leadership, or the hope for it. */
  let abdicate = (): void => {};
  /** Open while other tabs can see, by the lock, that this tab is alive. */
  let broadcast: TabBroadcast | undefined;
  /** The id of the leadership that this tab follows or holds; empty: no leader is known. */
  let leader = "";
  /** There while this tab leads. */
  let leadership: Leadership | undefined;

  function enter(): void {
    id = randomId(12);
    looks = 0;
    look();
    quit = hold(
      `/${id}`,
      () => {
        broadcast = new platform.BroadcastChannel(name);
        broadcast.onmessage = ({ data }: { readonly data: TabMessage }) => hear(data);
        stand();
        links.forEach(open);
      },
      () => {
        alone = true;
        leave();
      },
    );
  }

  /** Takes no part any more. All links of this tab are lost. */
  function leave(): void {
    const left = quit;
    const lost = Array.from(links.values());
    resign();
    stopLooking();
    broadcast?.close();
    quit = broadcast = undefined;
    for (const link of lost) link.end(AGAIN);
    left?.();
  }

  /** Asks for the leadership. `steal`: its holder is taken for dead. */
  function stand(steal?: boolean): void {
    abdicate();
    abdicate = hold(
      "",
      () => {
        const own = randomId(12);
        leadership = createLeadership(
          transport,
          clock,
          id,
          (deliveries, others) => {
            if (others) broadcast?.postMessage(["deliver", own, deliveries]);
            deliver(deliveries);
          },
          hold,
        );
        follow(own);
        broadcast?.postMessage(["leader", own]);
      },
      () => {
        // Other tabs took this one for dead, and lead.
        resign();
        stand();
      },
      steal,
    );
  }

  /** Gives up the leadership, or the hope for it. All links over this tab's upstream are lost. */
  function resign(): void {
    abdicate();
    leadership?.(["close", leader, "", AGAIN]);
    leadership = undefined;
    follow("");
  }

  /** Another tab leads. The links over its predecessor are lost; the others are opened. */
  function follow(next: string): void {
    leader = next;
    for (const link of links.values()) {
      if (link.leader && link.leader !== next) link.end(AGAIN);
      else open(link);
    }
  }

  function open(link: TabLink): void {
    if (!broadcast || link.leader) return;
    link.leader = leader;
    say(leader ? ["open", leader, link.id] : ["who"]);
  }

  /** Says something to the leader. */
  function say(message: TabMessage): void {
    if (leadership) hear(message);
    else broadcast?.postMessage(message);
  }

  function hear(message: TabMessage): void {
    const [kind, from, about] = message;
    if (kind === "who" && leadership) broadcast?.postMessage(["leader", leader]);
    if (kind === "leader" && !leadership && from !== leader) follow(from);
    if (from !== leader) return;
    if (links.size > 0) looks = 0;
    if (kind === "deliver") deliver(about);
    else if (kind !== "leader") leadership?.(message as TabCommand);
  }

  function deliver(deliveries: readonly Delivery[]): void {
    for (const [what, ...to] of deliveries) for (const link of to) links.get(link)?.hear(what);
  }

  /** Looks whether there is a leader, and anything to do here. */
  function look(): void {
    stopLooking = clock.after(LOOK, look);
    looks = leadership && links.size > 0 ? 0 : looks + 1;
    if (looks === ASK) say(["who"]);
    if (looks !== GIVE_UP) return;
    looks = 0;
    if (links.size > 0) stand(true);
    else leave();
  }

  // The page is about to go, or to be frozen.
  for (const type of ["pagehide", "freeze"]) platform.addEventListener?.(type, leave, true);
  return (observer) => {
    if (alone) return transport.connect(observer);
    if (!quit) enter();
    const link = createTabLink(`${id}/${++count}/`, observer, links, excluded, say, leave);
    open(link);
    return link;
  };
}
