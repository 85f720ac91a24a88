/** One tab among those that share: makes links, follows the leader or leads, and leaves. */
import type { CloseCause, Link, LinkObserver, Transport } from "../../link.ts";
import type { ClientMessage, ServerMessage } from "../../protocol/messages.ts";
import { randomId } from "../../random-id.ts";
import { SharedLink } from "./shared-link.ts";
import { type Delivery, type TabMessage, tabOf } from "./tab-messages.ts";
import type { TabBroadcast, TabPlatform } from "./tab-platform.ts";
import { Trunk } from "./trunk.ts";

/** Milliseconds between two looks at whether the leader is there. */
const LOOK = 1_000;
/** Looks without a word of the leader after which it is asked for one, and after which it is taken for dead. */
const ASK = 2;
const GIVE_UP = 4;
/** Looks without a link after which a tab takes no part any more. */
const IDLE = 5;

/** The leader is another one: the channel comes back at once. */
const HAND_OVER: CloseCause = { code: "link_lost", reason: "another tab leads", retryAfter: 0 };

export interface TabOptions {
  readonly transport: Transport;
  readonly platform: TabPlatform;
  /** Of the lock and the broadcast. */
  readonly name: string;
  readonly anyToken: boolean;
}

export class Tab {
  readonly #options: TabOptions;
  readonly #links: Map<string, SharedLink> = new Map();
  /** Counts the links, so that none has the id of an earlier one. */
  #count = 0;
  /** From the first link until the tab takes no part any more; aborted then. */
  #stay: AbortController | undefined;
  #tab = "";
  /** There is a lock by which others see that this tab is alive. */
  #known = false;
  #broadcast: TabBroadcast | undefined;
  /** From asking for the leadership until it is lost or given up; aborted to give it up. */
  #candidacy: AbortController | undefined;
  /** Who leads, as far as is known, and whether it is this tab. */
  #leader: string | undefined;
  #leads = false;
  #trunk: Trunk | undefined;
  /** Tabs whose end this one will hear of. */
  readonly #watched: Set<string> = new Set();
  /** Publishes that their own channel is not to hear of. */
  readonly #excluded: Set<string> = new Set();
  /** What other tabs are to hear at the end of this task. */
  #due: Delivery[] = [];
  /** Looks since the leader was heard, looks without a link, and when the last one was. */
  #silent = 0;
  #idle = 0;
  #lookedAt = 0;

  constructor(options: TabOptions) {
    this.#options = options;
  }

  connect(observer: LinkObserver<ServerMessage>): Link<ClientMessage> {
    if (!this.#stay) this.#enter();
    const link: SharedLink = new SharedLink(`${this.#tab}/${++this.#count}`, observer, {
      transport: this.#options.transport,
      excluded: this.#excluded,
      send: (batch) => this.#send(link, batch),
      closed: (cause) => this.#closed(link, cause),
    });
    this.#links.set(link.id, link);
    // Nothing is reported before the link is in its owner's hands.
    queueMicrotask(() => this.#open(link));
    return link;
  }

  #enter(): void {
    const { platform, name } = this.#options;
    const stay = new AbortController();
    const { signal } = stay;
    this.#stay = stay;
    this.#tab = randomId(12);
    this.#idle = this.#silent = 0;
    const broadcast = platform.broadcast(name, (message) => {
      if (!signal.aborted) this.#hear(message as TabMessage);
    });
    this.#broadcast = broadcast;
    const stopListening = platform.onLeave(() => this.#leave());
    const look = (): void => {
      stopLooking = platform.clock.after(LOOK, () => {
        look();
        this.#look();
      });
    };
    let stopLooking = (): void => {};
    this.#lookedAt = platform.clock.now();
    look();
    signal.addEventListener("abort", () => {
      stopLooking();
      stopListening();
      broadcast.close();
      if (this.#broadcast === broadcast) this.#broadcast = undefined;
    });
    platform.locks
      .request(`${name}/${this.#tab}`, { signal }, () => {
        if (signal.aborted) return undefined;
        this.#known = true;
        this.#stand(false);
        for (const link of Array.from(this.#links.values())) this.#open(link);
        return aborted(signal);
      })
      .catch(() => {
        // A page may have locks and not be allowed to use them.
        if (signal.aborted) return;
        for (const link of Array.from(this.#links.values())) link.alone();
        this.#leave();
      });
  }

  /** Takes no part any more. Whatever still is a link of this tab is lost. */
  #leave(): void {
    const stay = this.#stay;
    if (!stay) return;
    const links = Array.from(this.#links.values());
    this.#stay = undefined;
    this.#known = false;
    this.#resign();
    for (const link of links) link.end(HAND_OVER);
    stay.abort();
  }

  /** Asks for the leadership; `steal`: whoever has it is taken for dead. */
  #stand(steal: boolean): void {
    const { locks } = this.#options.platform;
    const candidacy = new AbortController();
    const { signal } = candidacy;
    this.#candidacy?.abort();
    this.#candidacy = candidacy;
    locks
      .request(this.#options.name, steal ? { steal } : { signal }, () => {
        if (signal.aborted) return undefined;
        this.#lead();
        return aborted(signal);
      })
      .catch(() => {
        // Others took this tab for dead, and lead.
        if (signal.aborted) return;
        this.#resign();
        this.#stand(false);
      });
  }

  #lead(): void {
    this.#leads = true;
    this.#watched.clear();
    this.#follow(randomId(12));
    this.#post(["leader", this.#leader ?? ""]);
  }

  /** Gives up the leadership, or the hope for it. Every link over this tab's trunk is lost, and so is every link of this tab. */
  #resign(): void {
    this.#trunk?.close(HAND_OVER);
    this.#flush();
    this.#trunk = undefined;
    this.#leads = false;
    this.#candidacy?.abort();
    this.#follow(undefined);
  }

  /** Another leads. The links over its predecessor are lost; the others are opened. */
  #follow(leader: string | undefined): void {
    this.#leader = leader;
    for (const link of Array.from(this.#links.values())) {
      if (link.leader !== undefined) link.end(HAND_OVER);
      else this.#open(link);
    }
  }

  #open(link: SharedLink): void {
    if (!this.#known || link.leader !== undefined || this.#links.get(link.id) !== link) return;
    if (this.#leader === undefined) return this.#post(["who"]);
    link.leader = this.#leader;
    if (!this.#leads) return this.#post(["open", this.#leader, link.id]);
    this.#attach(link.id);
  }

  /** A link over this tab's trunk, which is made for the first of them. */
  #attach(link: string): void {
    const { transport, platform, anyToken } = this.#options;
    if (!this.#trunk || this.#trunk.closed) {
      const deliver = (delivery: Delivery): void => this.#deliver(delivery);
      this.#trunk = new Trunk({ transport, clock: platform.clock, anyToken, deliver });
    }
    this.#trunk.attach(link);
  }

  #send(link: SharedLink, batch: readonly ClientMessage[]): void {
    if (link.leader === undefined) return;
    if (this.#leads) this.#trunk?.send(link.id, batch);
    else this.#post(["send", link.leader, link.id, JSON.stringify(batch)]);
  }

  /** A link has ended; `cause`: its channel has closed it. */
  #closed(link: SharedLink, cause: CloseCause | undefined): void {
    if (!this.#links.delete(link.id) || !cause) return;
    if (this.#leads) this.#trunk?.detach(link.id, cause);
    else if (link.leader !== undefined) this.#post(["close", link.leader, link.id, cause]);
    // It does not come back.
    if (cause.code === "normal" && this.#links.size === 0) this.#leave();
  }

  #hear(message: TabMessage): void {
    const [kind, leader, about, more] = message;
    if (this.#leads) {
      if (kind === "who") this.#post(["leader", this.#leader ?? ""]);
      if (leader !== this.#leader) return;
      if (kind === "open") {
        this.#attach(about);
        this.#watch(tabOf(about));
      } else if (kind === "send") this.#trunk?.send(about, JSON.parse(more) as ClientMessage[]);
      else if (kind === "close") this.#trunk?.detach(about, more);
      return;
    }
    if (kind === "leader" && leader !== this.#leader) this.#follow(leader);
    if (leader !== this.#leader) return;
    if (kind === "leader" || kind === "deliver") this.#silent = 0;
    if (kind === "deliver") for (const delivery of about) this.#deliver(delivery);
  }

  /** Gives links of this tab what they are to hear, and keeps the rest for the others. */
  #deliver([what, ...links]: Delivery): void {
    const others = links.filter((id) => {
      this.#links.get(id)?.hear(what);
      return tabOf(id) !== this.#tab;
    });
    if (!this.#leads || others.length === 0) return;
    if (this.#due.push([what, ...others]) === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#due.length > 0) this.#post(["deliver", this.#leader ?? "", this.#due]);
    this.#due = [];
  }

  /** Notices that a tab is gone: the leader is granted its lock then. */
  #watch(tab: string): void {
    const { platform, name } = this.#options;
    const signal = this.#candidacy?.signal;
    if (!signal || this.#watched.has(tab)) return;
    this.#watched.add(tab);
    platform.locks
      .request(`${name}/${tab}`, { signal }, () => {
        this.#trunk?.gone(tab);
        this.#watched.delete(tab);
        return undefined;
      })
      .catch(() => {});
  }

  /** Is there anything to do here, and a leader? */
  #look(): void {
    const { clock } = this.#options.platform;
    const now = clock.now();
    // Who was asleep itself has not listened.
    const late = now - this.#lookedAt > 2 * LOOK;
    this.#lookedAt = now;
    this.#idle = this.#links.size > 0 ? 0 : this.#idle + 1;
    if (this.#idle > IDLE) return this.#leave();
    this.#silent = this.#leads || this.#idle > 0 || late ? 0 : this.#silent + 1;
    if (this.#silent === ASK) this.#post(["who"]);
    if (this.#silent >= GIVE_UP) {
      this.#silent = 0;
      this.#stand(true);
    }
  }

  #post(message: TabMessage): void {
    this.#broadcast?.post(message);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}
