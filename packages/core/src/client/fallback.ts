/**
 * Several transports as one: tries them in turn until one works, for networks that block or buffer
 * some of them.
 */
import type { Capabilities, Support, Weakest } from "../capabilities.ts";
import { type Clock, systemClock } from "../clock.ts";
import { BellwireError, type ErrorCode } from "../errors.ts";
import type { Link, LinkObserver, Transport } from "../link.ts";
import { checkOptions, having, milliseconds, oneOf } from "../options.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import type { ClientMessage, ServerMessage } from "../protocol/messages.ts";
import { ATTEMPT } from "./connection.ts";

/** Options of {@link fallback}. */
export interface FallbackOptions {
  /**
   * The transport with which the next connection begins. `stick`: the one that worked last and, if
   * that fails, the others in their order. `retry-preferred`: always the first. Default: `stick`.
   */
  readonly policy?: "stick" | "retry-preferred";
  /**
   * Milliseconds that one transport has, from dialling to the hub's first message. Default: 5,000,
   * or an equal share of the channel's attempt of 15 s if that is less.
   */
  readonly timeout?: number;
  readonly clock?: Clock;
}

/** Milliseconds for one transport, unless an equal share of the channel's attempt is less. */
const PATIENCE = 5_000;
/** Milliseconds of the channel's attempt that are left for its token. */
const SPARE = 1_000;

/**
 * Codes by which a transport itself fails. Every other code is the hub's answer, which any
 * transport would bring.
 */
const TRANSPORT_FAILURES: readonly ErrorCode[] = ["link_lost", "timeout", "malformed", "normal"];

/**
 * A transport that tries several, in their order, within one attempt of the channel. A transport
 * works when the hub's first message has come over it, since a proxy may accept a connection and
 * then hold back its data. An answer of the hub, such as a refused token or a drain, ends the
 * attempt; only a failure of the transport leads to the next one. A link that worked and is lost
 * later is an ordinary loss: the channel connects again, and the policy says where it begins. Each
 * capability is the weakest of all transports.
 *
 * Throws `invalid_option`.
 */
export function fallback<const T extends readonly Transport[]>(
  transports: T,
  options: FallbackOptions = {},
): Transport<Weakest<T[number]["capabilities"]>> {
  const connects = having("connect");
  if (!Array.isArray(transports) || transports.length === 0 || !transports.every(connects.test))
    throw new BellwireError("invalid_option", "fallback.transports: must be an array of transports");
  checkOptions("fallback", options, {
    policy: oneOf("stick", "retry-preferred"),
    timeout: milliseconds,
    clock: having("now", "wall", "after"),
  });
  const { policy = "stick", clock = systemClock } = options;
  const timeout = options.timeout ?? Math.min(PATIENCE, (ATTEMPT - SPARE) / transports.length);
  let order: readonly Transport[] = transports;
  return {
    name: `fallback(${transports.map(({ name }) => name).join(", ")})`,
    capabilities: weakest(transports) as Weakest<T[number]["capabilities"]>,
    connect(observer) {
      const worked = (transport: Transport): void => {
        if (policy === "stick") order = [transport, ...transports.filter((other) => other !== transport)];
      };
      return new Trial(order, observer, { timeout, clock, worked });
    },
  };
}

interface TrialOptions {
  readonly timeout: number;
  readonly clock: Clock;
  readonly worked: (transport: Transport) => void;
}

/** One link, over the first transport that works. */
class Trial implements Link<ClientMessage> {
  readonly #transports: readonly Transport[];
  readonly #observer: LinkObserver<ServerMessage>;
  readonly #options: TrialOptions;
  /**
   * The number of the current try. Reports of an abandoned try carry its number and are ignored.
   */
  #at = -1;
  #link: Link<ClientMessage> | undefined;
  /**
   * Whether the current try is open, whether the observer was told that one is, and whether no
   * other transport will be tried.
   */
  #open = false;
  #told = false;
  #settled = false;
  /** Messages to send again over the next transport; undefined once one works. */
  #said: ClientMessage[] | undefined = [];
  #cancelTimeout: (() => void) | undefined;

  constructor(
    transports: readonly Transport[],
    observer: LinkObserver<ServerMessage>,
    options: TrialOptions,
  ) {
    this.#transports = transports;
    this.#observer = observer;
    this.#options = options;
    this.#next({ code: "link_lost" });
  }

  get buffered(): number {
    return this.#link?.buffered ?? 0;
  }

  send(batch: readonly ClientMessage[]): void {
    this.#said?.push(...batch);
    if (this.#open) this.#link?.send(batch);
  }

  close(cause: CloseCause): void {
    this.#settled = true;
    this.#cancelTimeout?.();
    this.#link?.close(cause);
  }

  /**
   * Abandons the current try for the next transport. After the last, the link ends with `cause`.
   */
  #next(cause: CloseCause): void {
    const { clock, timeout, worked } = this.#options;
    this.#cancelTimeout?.();
    const at = ++this.#at;
    const left = this.#link;
    this.#link = undefined;
    this.#open = false;
    left?.close({ code: "normal", reason: "another transport is tried" });
    const transport = this.#settled ? undefined : this.#transports[at];
    if (!transport) return this.#observer.close(cause);
    const current = (): boolean => at === this.#at;
    const late = { code: "timeout", reason: `no message over ${transport.name}` } as const;
    this.#cancelTimeout = clock.after(timeout, () => this.#next(late));
    const link = transport.connect({
      open: () => current() && this.#opened(),
      message: (message, bytes) => {
        if (!current()) return;
        if (this.#said) {
          this.#said = undefined;
          this.#settled = true;
          this.#cancelTimeout?.();
          worked(transport);
        }
        this.#observer.message(message, bytes);
      },
      malformed: (reason) => {
        if (!current()) return;
        // A transport that garbles the very first message does not lead to the hub.
        if (this.#said) this.#next({ code: "malformed", reason });
        else this.#observer.malformed(reason);
      },
      close: (why) => current() && this.#closed(why),
    });
    // The try may have failed already, with another one under way.
    if (current()) this.#link = link;
  }

  #opened(): void {
    this.#open = true;
    const said = this.#said ?? [];
    if (!this.#told) {
      this.#told = true;
      this.#observer.open();
    } else if (said.length > 0) this.#link?.send(said.slice());
  }

  #closed(cause: CloseCause): void {
    this.#link = undefined;
    this.#settled ||= !TRANSPORT_FAILURES.includes(cause.code);
    this.#next(cause);
  }
}

const STRENGTH: readonly Support[] = ["none", "emulated", "native"];

function weakest(transports: readonly Transport[]): Capabilities {
  return transports
    .map(({ capabilities }) => capabilities)
    .reduce((least, other) => {
      const weaker = (Object.keys(least) as (keyof Capabilities)[]).map((key) => [
        key,
        key === "maxMessageBytes"
          ? Math.min(least[key], other[key])
          : STRENGTH[Math.min(STRENGTH.indexOf(least[key]), STRENGTH.indexOf(other[key]))],
      ]);
      return Object.fromEntries(weaker) as Capabilities;
    });
}
