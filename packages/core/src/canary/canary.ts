/**
 * Tries a second transport on real clients, beside the one that they use. Its notifications are
 * compared and dropped.
 */
import { backgroundClock, type Clock } from "../clock.ts";
import { ERRORS } from "../errors.ts";
import type { Link, LinkObserver, Transport } from "../link.ts";
import { callable, checkOptions, having, milliseconds } from "../options.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import type { ClientMessage, ServerMessage } from "../protocol/messages.ts";
import { randomId } from "../random-id.ts";
import { blame, type CanaryReport, emptyTally, reportOf, type Tally } from "./report.ts";
import { Shadow, type ShadowHost } from "./shadow.ts";

/** Options of {@link canary}. */
export interface CanaryOptions<T extends Transport = Transport> {
  /** The transport that the application uses. */
  readonly primary: T;
  /**
   * The transport to try. It MUST lead to the same hub, or to one with the same backplane;
   * otherwise nothing can be compared.
   */
  readonly candidate: Transport;
  /** The probability, from 0 to 1, that this client takes part. */
  readonly share: number;
  /**
   * Receives the report every `interval`, and when no link is left. Errors that it throws, or
   * rejects with, are ignored, so that a canary harms no client. A channel that is closed while it
   * waits for its next attempt is noticed after 40 s.
   */
  readonly report: (report: CanaryReport) => unknown;
  /** Milliseconds between two reports. Default: 60,000. */
  readonly interval?: number;
  /**
   * Milliseconds after which a notification that came over one transport only counts as lost on the
   * other. Default: 10,000.
   */
  readonly window?: number;
  /**
   * Ends the canary at once: the candidate's links are closed, a last report is given, and the
   * primary goes on alone.
   */
  readonly signal?: AbortSignal;
  /**
   * Decides whether this client is chosen, and spreads the candidate's attempts. From [0, 1).
   * Default: `Math.random`.
   */
  readonly random?: () => number;
  /** Default: the platform's own. Its timers do not keep a Node process alive. */
  readonly clock?: Clock;
}

const share = {
  allowed: "a number from 0 to 1",
  test: (value: unknown): boolean => typeof value === "number" && value >= 0 && value <= 1,
};

/**
 * Returns the primary for the application. For a share of clients there is a second link over the
 * candidate beside it, a shadow, which subscribes to the same topics; its notifications are
 * compared with those of the primary and dropped. The choice is made once, here: a client that is
 * not chosen gets the primary itself, at no cost.
 *
 * The shadow says hello with the channel's token and a session of its own. It publishes nothing and
 * leaves `presence-` topics alone, since a trial makes nobody present. It begins after the
 * primary's welcome, and its failures appear in the report only. For the hub it is one more link of
 * the user, which counts for rates, `linksPerUser`, `authenticate` and `authorize`.
 *
 * Throws `invalid_option`.
 */
export function canary<T extends Transport>(options: CanaryOptions<T>): Transport<T["capabilities"]> {
  checkOptions(
    "canary",
    options,
    {
      primary: having("connect"),
      candidate: having("connect"),
      share,
      report: callable,
      interval: milliseconds,
      window: milliseconds,
      signal: having("addEventListener"),
      random: callable,
      clock: having("now", "wall", "after"),
    },
    ["primary", "candidate", "share", "report"],
  );
  const { primary, signal } = options;
  const { random = Math.random } = options;
  if (signal?.aborted || random() >= options.share) return primary;
  const host = new Canary(options);
  signal?.addEventListener("abort", () => host.stop(), { once: true });
  return {
    name: primary.name,
    capabilities: primary.capabilities,
    connect: (observer) => (signal?.aborted ? primary.connect(observer) : host.connect(observer)),
  };
}

/** The shadows of one transport's channels, and their reports. */
class Canary implements ShadowHost {
  readonly candidate: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly window: number;
  readonly tally: Tally = emptyTally();
  readonly #options: CanaryOptions;
  readonly #id: string = randomId(12);
  /** By the session of the channel. */
  readonly #shadows: Map<string, Shadow> = new Map();
  #beganAt: number | undefined;
  #cancelReport: (() => void) | undefined;

  constructor(options: CanaryOptions) {
    const { candidate, clock = backgroundClock, random = Math.random, window = 10_000 } = options;
    this.#options = options;
    this.candidate = candidate;
    this.clock = clock;
    this.random = random;
    this.window = window;
  }

  connect(observer: LinkObserver<ServerMessage>): Link<ClientMessage> {
    this.#beganAt ??= this.clock.now();
    this.contain(() => {
      for (const shadow of this.#shadows.values()) shadow.attempted();
    });
    return new WatchedLink(this.#options.primary, observer, this);
  }

  /** The shadow of a channel, made on first use. */
  shadow(session: string): Shadow {
    const known = this.#shadows.get(session);
    if (known) return known;
    const shadow = new Shadow(this);
    if (this.#shadows.size === 0) this.#reportLater();
    this.#shadows.set(session, shadow);
    return shadow;
  }

  contain(work: () => void): void {
    try {
      work();
    } catch {
      blame(this.tally.candidate, "internal");
    }
  }

  ended(shadow: Shadow): void {
    for (const [session, known] of this.#shadows) if (known === shadow) this.#shadows.delete(session);
    if (this.#shadows.size > 0) return;
    this.#cancelReport?.();
    this.#report();
  }

  stop(): void {
    for (const shadow of this.#shadows.values()) this.contain(() => shadow.end());
  }

  #reportLater(): void {
    this.#cancelReport = this.clock.after(this.#options.interval ?? 60_000, () => {
      this.#reportLater();
      this.#report();
    });
  }

  #report(): void {
    const { primary, candidate, report } = this.#options;
    const now = this.clock.now();
    const lost = { primary: 0, candidate: 0 };
    for (const { ledger } of this.#shadows.values()) {
      const overdue = ledger.overdue(now);
      lost.primary += overdue.primary;
      lost.candidate += overdue.candidate;
    }
    const about = {
      id: this.#id,
      elapsed: now - (this.#beganAt ?? now),
      closed: this.#shadows.size === 0,
      window: this.window,
    };
    const names = { primary: primary.name, candidate: candidate.name };
    try {
      const result = report(reportOf(about, names, this.tally, lost));
      if (result instanceof Promise) result.catch(() => {});
    } catch {
      // Documented in the options: errors of `report` are ignored.
    }
  }
}

/** One link of the primary. It passes everything on unchanged and shows it to the shadow. */
class WatchedLink implements Link<ClientMessage> {
  readonly #canary: Canary;
  readonly #link: Link<ClientMessage>;
  readonly #dialledAt: number;
  #hello: Extract<ClientMessage, { type: "hello" }> | undefined;
  /** The shadow of the channel, once the hub has welcomed it. */
  #shadow: Shadow | undefined;
  #gone = false;

  constructor(primary: Transport, observer: LinkObserver<ServerMessage>, canary: Canary) {
    this.#canary = canary;
    this.#dialledAt = canary.clock.now();
    this.#link = primary.connect({
      open: () => observer.open(),
      message: (message, bytes) => {
        // The shadow comes first: the channel answers within its call, and its answer concerns
        // earlier messages.
        canary.contain(() => this.#heard(message));
        observer.message(message, bytes);
        if (message.type === "welcome") canary.contain(() => this.#shadow?.resumed());
      },
      malformed: (reason) => observer.malformed(reason),
      close: (cause) => {
        canary.contain(() => this.#ended(cause, false));
        observer.close(cause);
      },
    });
  }

  get buffered(): number {
    return this.#link.buffered;
  }

  send(batch: readonly ClientMessage[]): void {
    this.#link.send(batch);
    this.#canary.contain(() => {
      for (const message of batch) {
        if (message.type === "hello") this.#hello = message;
        else this.#shadow?.said(this, message);
      }
    });
  }

  close(cause: CloseCause): void {
    // Before the close, since the observer may be notified within the call.
    this.#canary.contain(() => this.#ended(cause, true));
    this.#link.close(cause);
  }

  #heard(message: ServerMessage): void {
    if (this.#gone) return;
    if (message.type !== "welcome") return this.#shadow?.heard(this, message);
    if (!this.#hello) return;
    const { primary } = this.#canary.tally;
    primary.connected += 1;
    primary.connecting.add(this.#canary.clock.now() - this.#dialledAt);
    this.#shadow = this.#canary.shadow(this.#hello.session);
    this.#shadow.welcomed(this, this.#hello.token);
  }

  /** Ends the shadow's view of the link. `own`: the channel closes it. */
  #ended({ code }: CloseCause, own: boolean): void {
    if (this.#gone) return;
    this.#gone = true;
    const { primary } = this.#canary.tally;
    // A channel that gives up a link closes it with `timeout` and makes another; with any other
    // code it leaves.
    const leaves = own && code !== "timeout";
    if (!leaves) {
      blame(primary, code);
      if (this.#shadow) primary.dropped += 1;
      else primary.failed += 1;
    }
    // The channel's machine decides likewise: a token that has expired is worth another attempt.
    const final = !ERRORS[code].retryable && code !== "normal" && code !== "unauthorized";
    this.#shadow?.gone(this, !leaves && !final);
  }
}
