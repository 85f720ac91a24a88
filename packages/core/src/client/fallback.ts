/** Several wires as one transport: tries them in turn until one works, for networks that block or buffer some of them. */
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
   * Where the next connection begins: `stick` with the wire that worked last, and if that fails with the others in their order;
   * `retry-preferred` always with the first. Default: `stick`.
   */
  readonly policy?: "stick" | "retry-preferred";
  /**
   * Milliseconds that one wire has, from dialling to the hub's first message. Default: 5,000, or an equal share of the channel's
   * attempt of 15 s where that is less.
   */
  readonly timeout?: number;
  readonly clock?: Clock;
}

/** Milliseconds for one wire, unless so many share the channel's attempt that each has less. */
const PATIENCE = 5_000;
/** Milliseconds of the channel's attempt that are left for its token. */
const SPARE = 1_000;

/** How a wire itself fails. Every other code is the hub's own answer, which it would give on any wire. */
const WIRE_FAILURES: readonly ErrorCode[] = ["link_lost", "timeout", "malformed", "normal"];

/**
 * A transport that tries several, in their order, within one attempt of the channel. A wire works when the hub's first message has
 * come over it: a proxy may accept a connection and then hold back what it carries. What the hub answers (a refused token, a hub
 * that drains or is overloaded) ends the attempt; only a wire that fails is followed by the next. A link that worked and is lost
 * later is an ordinary loss: the channel connects again, and the policy says with which. Capabilities are the weakest of all.
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
      const worked = (wire: Transport): void => {
        if (policy === "stick") order = [wire, ...transports.filter((other) => other !== wire)];
      };
      return new Trial(order, observer, { timeout, clock, worked });
    },
  };
}

interface TrialOptions {
  readonly timeout: number;
  readonly clock: Clock;
  readonly worked: (wire: Transport) => void;
}

/** One link, over the first wire that works. */
class Trial implements Link<ClientMessage> {
  readonly #wires: readonly Transport[];
  readonly #observer: LinkObserver<ServerMessage>;
  readonly #options: TrialOptions;
  /** The wire of now, by its number; what an abandoned one still reports is recognized by it and ignored. */
  #at = -1;
  #link: Link<ClientMessage> | undefined;
  /** Whether the wire of now is open, whether the observer was told of any, and whether no other wire will be tried. */
  #open = false;
  #told = false;
  #settled = false;
  /** What was sent and has to be said again on the next wire; undefined once one works. */
  #said: ClientMessage[] | undefined = [];
  #cancelTimeout: (() => void) | undefined;

  constructor(wires: readonly Transport[], observer: LinkObserver<ServerMessage>, options: TrialOptions) {
    this.#wires = wires;
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

  /** Leaves the wire of now for the next one; after the last, `cause` is why the link ends. */
  #next(cause: CloseCause): void {
    const { clock, timeout, worked } = this.#options;
    this.#cancelTimeout?.();
    const at = ++this.#at;
    const left = this.#link;
    this.#link = undefined;
    this.#open = false;
    left?.close({ code: "normal", reason: "another wire is tried" });
    const wire = this.#settled ? undefined : this.#wires[at];
    if (!wire) return this.#observer.close(cause);
    const current = (): boolean => at === this.#at;
    const late = { code: "timeout", reason: `no message over ${wire.name}` } as const;
    this.#cancelTimeout = clock.after(timeout, () => this.#next(late));
    const link = wire.connect({
      open: () => current() && this.#opened(),
      message: (message, bytes) => {
        if (!current()) return;
        if (this.#said) {
          this.#said = undefined;
          this.#settled = true;
          this.#cancelTimeout?.();
          worked(wire);
        }
        this.#observer.message(message, bytes);
      },
      malformed: (reason) => {
        if (!current()) return;
        // Whatever garbles the very first message is no way to the hub.
        if (this.#said) this.#next({ code: "malformed", reason });
        else this.#observer.malformed(reason);
      },
      close: (why) => current() && this.#closed(why),
    });
    // It may have failed already, and another one be under way.
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
    this.#settled ||= !WIRE_FAILURES.includes(cause.code);
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
