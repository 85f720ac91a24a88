/** The one link to the hub that many links share: performs what the router decides, from the first link's `open` to the trunk's close. */
import type { Clock } from "../../clock.ts";
import type { CloseCause, Link, Transport } from "../../link.ts";
import type { ClientMessage } from "../../protocol/messages.ts";
import { Router } from "./router-machine.ts";
import { type Delivery, type LinkId, tabOf } from "./tab-messages.ts";

/** Milliseconds for which a link that was lost keeps its subscriptions: a page that reloads does not leave and come in between. */
const GRACE = 5_000;

const LOST: CloseCause = { code: "link_lost" };

export interface TrunkOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  /** Whether links with other tokens may share. */
  readonly anyToken: boolean;
  readonly deliver: (delivery: Delivery) => void;
}

export class Trunk {
  readonly #options: TrunkOptions;
  readonly #router: Router;
  /** Those that have not been closed. */
  readonly #links: Set<LinkId> = new Set();
  readonly #graces: Set<() => void> = new Set();
  #link: Link<ClientMessage> | undefined;
  #state: "opening" | "open" | "closed" = "opening";
  #flushing = false;

  constructor(options: TrunkOptions) {
    this.#options = options;
    this.#router = new Router(options.anyToken);
    this.#link = options.transport.connect({
      open: () => {
        this.#state = "open";
        this.#router.opened();
        this.#flush();
      },
      message: (message) => {
        this.#router.fromHub(message);
        this.#flush();
      },
      malformed: (reason) => {
        this.#router.malformed(reason);
        this.#flush();
      },
      close: (cause) => this.close(cause),
    });
  }

  get closed(): boolean {
    return this.#state === "closed";
  }

  attach(link: LinkId): void {
    if (this.#links.has(link)) return;
    if (this.closed) return this.#options.deliver([{ type: "close", cause: LOST }, link]);
    this.#links.add(link);
    this.#router.attach(link, this.#state === "open");
    this.#flush();
  }

  send(link: LinkId, messages: readonly ClientMessage[]): void {
    if (!this.#links.has(link)) return;
    for (const message of messages) this.#router.fromLink(link, message);
    this.#flush();
  }

  /** The link's channel has closed it. */
  detach(link: LinkId, cause: CloseCause): void {
    if (!this.#links.delete(link)) return;
    // To its channel the hub has fallen silent, and so it has to every other.
    if (this.#links.size === 0 || cause.code === "timeout") return this.close(cause);
    const forget = (): void => {
      this.#router.detach(link);
      this.#flush();
    };
    if (cause.code === "normal") forget();
    else this.#graces.add(this.#options.clock.after(GRACE, forget));
  }

  /** The tab is gone. */
  gone(tab: string): void {
    for (const link of this.#links) if (tabOf(link) === tab) this.detach(link, LOST);
  }

  /** Ends the trunk, and all of its links with `cause`. */
  close(cause: CloseCause): void {
    if (this.closed) return;
    this.#state = "closed";
    for (const cancel of this.#graces) cancel();
    this.#router.closed(cause);
    this.#flush();
    this.#link?.close(cause);
  }

  #flush(): void {
    const { up, down } = this.#router;
    if (this.#state === "open" && up.length > 0) this.#link?.send(up.splice(0));
    // What is delivered may cause more, which comes after it.
    if (this.#flushing) return;
    this.#flushing = true;
    for (const delivery of down) this.#options.deliver(delivery);
    down.length = 0;
    this.#flushing = false;
  }
}
