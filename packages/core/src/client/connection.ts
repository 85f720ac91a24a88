/**
 * Performs the decisions of the connection machine over one transport: asks for tokens, dials,
 * greets and watches the time.
 */
import type { Clock } from "../clock.ts";
import { BellwireError, isBellwireError } from "../errors.ts";
import type { Link, Transport } from "../link.ts";
import {
  type ClientMessage,
  PROTOCOL_VERSION,
  type ServerMessage,
  type Welcome,
} from "../protocol/messages.ts";
import type { BackoffOptions } from "./backoff.ts";
import { type Connection, type ConnectionEffect, type ConnectionEvent, step } from "./connection-machine.ts";

/** Milliseconds for one attempt, from asking for the token to the welcome. */
export const ATTEMPT = 15_000;
/** Milliseconds of a connection after which earlier failures are forgotten. */
const STABLE = 5_000;
/** Milliseconds in which a probed link must show a sign of life. */
const PROBE = 5_000;

/**
 * Returns the token for one attempt, or nothing for no token. A `BellwireError` that is not
 * retryable stops the channel.
 */
export type TokenSource = () => string | undefined | Promise<string | undefined>;

export interface ConnectionOptions {
  readonly transport: Transport;
  readonly session: string;
  readonly token?: TokenSource;
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: Partial<BackoffOptions>;
  /** Called on every change of `state`. */
  readonly changed: (now: Connection) => void;
  readonly message: (message: ServerMessage) => void;
  /** Called for a message of the hub that could not be decoded, and that was skipped. */
  readonly malformed: (reason: string) => void;
}

export class ClientConnection {
  readonly #options: ConnectionOptions;
  #now: Connection = { state: "idle" };
  #link: Link<ClientMessage> | undefined;
  #welcome: Pick<Welcome, "idleTimeout" | "maxMessageBytes"> = {
    idleTimeout: ATTEMPT,
    maxMessageBytes: Infinity,
  };
  /** Counts the attempts. Reports of an earlier attempt carry its number and are ignored. */
  #generation = 0;
  #heardAt = 0;
  #token: string | undefined;
  /** The timer of the current state: the end of an attempt, a sign of life, or the next attempt. */
  #cancelTimer: (() => void) | undefined;
  #cancelStable: (() => void) | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get now(): Connection {
    return this.#now;
  }

  /** The largest message that the transport takes, and the hub, once its welcome has come. */
  get maxMessageBytes(): number {
    return Math.min(this.#welcome.maxMessageBytes, this.#options.transport.capabilities.maxMessageBytes);
  }

  /** Sends on the link of a connected channel. In any other state it does nothing. */
  send(messages: readonly ClientMessage[]): void {
    if (this.#now.state === "connected" && messages.length > 0) this.#link?.send(messages);
  }

  /** Asks the token source. */
  async token(): Promise<string | undefined> {
    return this.#options.token?.();
  }

  dispatch(event: ConnectionEvent): void {
    const before = this.#now.state;
    const { next, effects } = step(this.#now, event, this.#options.random(), this.#options.backoff);
    this.#now = next;
    if (next.state !== before) this.#entered(next.state);
    for (const effect of effects) this.#perform(effect);
    if (next.state !== before) this.#options.changed(next);
  }

  #entered(state: Connection["state"]): void {
    this.#cancelTimer?.();
    this.#cancelStable?.();
    if (state === "connecting") this.#after(ATTEMPT, "late");
    if (state !== "connected") return;
    this.#cancelStable = this.#options.clock.after(STABLE, () => this.dispatch({ type: "stable" }));
    this.#expectLife(this.#welcome.idleTimeout);
  }

  #perform(effect: ConnectionEffect): void {
    switch (effect.do) {
      case "ask_token":
        return void this.#askToken(++this.#generation);
      case "dial":
        return this.#dial(this.#generation);
      case "greet":
        return this.#link?.send([
          {
            type: "hello",
            protocol: PROTOCOL_VERSION,
            session: this.#options.session,
            token: this.#token,
          },
        ]);
      case "probe":
        // After a sleep the link may be dead without a report of it.
        this.#link?.send([{ type: "ping" }]);
        return this.#expectLife(PROBE);
      case "hang_up": {
        const link = this.#link;
        this.#forget();
        return link?.close(effect.cause);
      }
      case "retry":
        this.#after(effect.after, "retry");
    }
  }

  #after(ms: number, type: "late" | "retry"): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.after(ms, () => this.dispatch({ type }));
  }

  /**
   * Declares the link dead after `ms` without a message, or later if the hub's idle timeout allows.
   */
  #expectLife(ms: number): void {
    const { clock } = this.#options;
    const asked = clock.now();
    this.#cancelTimer?.();
    this.#cancelTimer = clock.after(ms, () => {
      const rest = this.#heardAt + this.#welcome.idleTimeout - clock.now();
      if (this.#heardAt >= asked && rest > 0) this.#expectLife(rest);
      else this.dispatch({ type: "late" });
    });
  }

  async #askToken(generation: number): Promise<void> {
    const current = (): boolean => generation === this.#generation;
    try {
      const token = await this.token();
      if (!current()) return;
      this.#token = token;
      this.dispatch({ type: "token" });
    } catch (error) {
      const failed = isBellwireError(error) ? error : new BellwireError("link_lost", "no token");
      const { code, message: reason, retryAfter } = failed;
      if (current()) this.dispatch({ type: "closed", cause: { code, reason, retryAfter } });
    }
  }

  #dial(generation: number): void {
    const current = (): boolean => generation === this.#generation;
    this.#link = this.#options.transport.connect({
      open: () => current() && this.dispatch({ type: "open" }),
      message: (message) => current() && this.#receive(message),
      malformed: (reason) => current() && this.#options.malformed(reason),
      close: (cause) => {
        if (!current()) return;
        this.#forget();
        this.dispatch({ type: "closed", cause });
      },
    });
  }

  /** Makes later reports of the current attempt ignored. */
  #forget(): void {
    this.#generation += 1;
    this.#link = undefined;
  }

  #receive(message: ServerMessage): void {
    this.#heardAt = this.#options.clock.now();
    if (message.type === "welcome") {
      this.#welcome = message;
      this.dispatch({ type: "welcome" });
    } else if (message.type === "ping") this.#link?.send([{ type: "pong" }]);
    else if (message.type !== "pong") this.#options.message(message);
  }
}
