/** One tab among those that share: makes links, follows the leader or leads, and leaves. */
import type { Clock } from "../../clock.ts";
import type { LinkObserver, Transport } from "../../link.ts";
import type { CloseCause } from "../../protocol/close-codes.ts";
import type { ClientMessage, ServerMessage } from "../../protocol/messages.ts";
import { randomId } from "../../random-id.ts";
import type { Delivery, Heard, LinkId, TabMessage } from "./tab-messages.ts";
import type { SharingPlatform, TabBroadcast } from "./tab-platform.ts";
import { openUpstream, type Upstream } from "./upstream.ts";

/** Milliseconds between two looks at whether there is a leader, and anything to do. Who is asleep does not look. */
const LOOK = 1_000;
/** Looks in vain after which the leader is asked for a word, and after which it is taken for dead; or this tab, without links, leaves. */
const ASK = 2;
const GIVE_UP = 4;
/** Milliseconds for which a link that is lost keeps its subscriptions: a page that reloads does not leave and come in between. */
const GRACE = 5_000;
/** Publishes with `excludeSelf` that are remembered; the hub replays fewer. */
const EXCLUDED = 1_000;

/** The channel comes back at once, to another leader or to a connection of its own. */
const AGAIN: CloseCause = { code: "link_lost", retryAfter: 0 };

/** A tab's end of a link. */
interface TabLink {
  readonly id: LinkId;
  /** With which leader it was opened; empty: not yet. */
  leader: string;
  hear(what: Heard): void;
  /** It is over; `own`: because its channel has closed it. */
  end(cause: CloseCause, own?: boolean): void;
}

/**
 * A tab that takes part from its first link on. Gives what makes its links.
 * `name`: of the lock and the broadcast that the tabs have in common.
 */
export function createTab(
  transport: Transport,
  name: string,
  clock: Clock,
  platform: SharingPlatform,
): Transport["connect"] {
  const links: Map<LinkId, TabLink> = new Map();
  /** What channels of this tab have published with `excludeSelf`, by session, topic and id. */
  const excluded: Set<string> = new Set();
  /** Other tabs that are there, whose end this one will hear of. */
  const watched: Set<string> = new Set();
  /** The page has locks and may not use them: its links are connections of their own. */
  let alone = false;
  /** Counts the links, so that none has the id of an earlier one. */
  let count = 0;
  let looks = 0;
  let stopLooking = (): void => {};
  let id: string;
  /** Gives up the lock of this tab; there from the first link until the tab takes no part any more. */
  let quit: (() => void) | undefined;
  /** Gives up the leadership, or the hope for it. */
  let abdicate = (): void => {};
  /** Open while there is a lock by which others see that this tab is alive. */
  let broadcast: TabBroadcast | undefined;
  /** Who leads, and whether it is this tab; empty: nobody, as far as is known. */
  let leader = "";
  let leads = false;
  let upstream: Upstream | undefined;

  function connect(observer: LinkObserver<ServerMessage>): ReturnType<Transport["connect"]> {
    if (alone) return transport.connect(observer);
    if (!quit) enter();
    const own: LinkId = `${id}/${++count}/`;
    let session = "";
    const published = (topic: string, publish?: string): string => `${session} ${topic} ${publish}`;
    const link: TabLink = {
      id: own,
      leader: "",
      hear(what) {
        if (what.type === "open") observer.open();
        else if (what.type === "close") link.end(what.cause);
        // One without an offset becomes a skip to where the cursor was already.
        else if (what.type === "notification" && excluded.has(published(what.topic, what.id)))
          observer.message({ ...what, type: "skip" });
        else observer.message(what);
      },
      end(cause, closed) {
        if (!links.delete(own)) return;
        if (closed) {
          if (link.leader) say(["close", link.leader, own, cause]);
          // It does not come back.
          if (cause.code === "normal" && links.size === 0) leave();
        }
        observer.close(cause);
      },
    };
    /** `excludeSelf` spares a link of the hub, which all tabs have in common; only the publisher's own channel is to be spared. */
    const toAll = (message: ClientMessage): ClientMessage => {
      if (message.type === "hello") ({ session } = message);
      if (message.type !== "publish" || !message.excludeSelf) return message;
      excluded.add(published(message.topic, message.id));
      for (const oldest of excluded) if (excluded.size > EXCLUDED) excluded.delete(oldest);
      return { ...message, excludeSelf: undefined };
    };
    links.set(own, link);
    open(link);
    return {
      // Of an upstream in another tab nothing is known.
      buffered: 0,
      send(batch) {
        say(["send", link.leader, own, JSON.stringify(batch.map(toAll))]);
      },
      close: (cause) => link.end(cause, true),
    };
  }

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

  /** Takes no part any more. Whatever still is a link of this tab is lost. */
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

  /** Asks for a lock; `lost`: it cannot be had, or was stolen. The function returned gives it up, or the hope for it. */
  function hold(suffix: string, held: () => void, lost?: () => void, steal = false): () => void {
    let over = false;
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    platform.navigator.locks
      .request(name + suffix, { steal }, () => {
        if (!over) held();
        return released;
      })
      .catch(() => over || lost?.());
    return () => {
      over = true;
      release();
    };
  }

  /** Asks for the leadership; `steal`: whoever has it is taken for dead. */
  function stand(steal?: boolean): void {
    abdicate();
    const lead = (): void => {
      leads = true;
      watched.clear();
      follow(randomId(12));
      broadcast?.postMessage(["leader", leader]);
    };
    // If it is stolen, others took this tab for dead, and lead.
    const lost = (): void => {
      resign();
      stand();
    };
    abdicate = hold("", lead, lost, steal);
  }

  /** Gives up the leadership, or the hope for it. Every link over this tab's upstream is lost, and so is every link of this tab. */
  function resign(): void {
    abdicate();
    upstream?.close(AGAIN);
    leads = false;
    follow("");
  }

  /** Another leads. The links over its predecessor are lost; the others are opened. */
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
    if (leads) hear(message);
    else broadcast?.postMessage(message);
  }

  function hear([kind, from, about, more]: TabMessage): void {
    if (kind === "who" && leads) broadcast?.postMessage(["leader", leader]);
    if (kind === "leader" && !leads && from !== leader) follow(from);
    if (from !== leader) return;
    if (links.size > 0) looks = 0;
    if (kind === "deliver") deliver(about);
    if (!leads) return;
    if (kind === "open") attach(about);
    if (kind === "send")
      upstream?.use((router) => {
        for (const message of JSON.parse(more) as ClientMessage[]) router.fromLink(about, message);
      });
    if (kind === "close") detach(about, more);
  }

  /** A link over this tab's upstream, which is made for the first of them. */
  function attach(link: LinkId): void {
    upstream ??= openUpstream(
      transport,
      (deliveries) => {
        if (watched.size > 0) broadcast?.postMessage(["deliver", leader, deliveries]);
        deliver(deliveries);
      },
      () => {
        upstream = undefined;
      },
    );
    upstream.use((router) => router.attach(link));
    const [tab = ""] = link.split("/");
    if (tab === id || watched.has(tab)) return;
    watched.add(tab);
    // Its lock is granted when it is gone.
    const done = hold(`/${tab}`, () => {
      done();
      watched.delete(tab);
      detach(tab, AGAIN);
    });
  }

  /** A link was closed, or all of a tab. Who has not left may be back soon, and stays subscribed until then. */
  function detach(gone: string, cause: CloseCause): void {
    upstream?.use((router) => {
      const left = Array.from(router.links).filter((link) => link.startsWith(gone));
      // To one channel the hub has fallen silent, and so it has to all.
      if (left.length === router.links.size || cause.code === "timeout") upstream?.close(cause);
      else if (cause.code === "normal") for (const link of left) router.detach(link);
      else clock.after(GRACE, () => detach(gone, { code: "normal" }));
    });
  }

  function deliver(deliveries: readonly Delivery[]): void {
    for (const [what, ...to] of deliveries) for (const link of to) links.get(link)?.hear(what);
  }

  /** Is there anything to do here, and a leader? */
  function look(): void {
    stopLooking = clock.after(LOOK, look);
    looks = leads && links.size > 0 ? 0 : looks + 1;
    if (looks === ASK) say(["who"]);
    if (looks !== GIVE_UP) return;
    looks = 0;
    if (links.size > 0) stand(true);
    else leave();
  }

  // The page is about to go, or to be frozen.
  for (const type of ["pagehide", "freeze"]) platform.addEventListener?.(type, leave, true);
  return connect;
}
