/** Performs what the connection machine decides: asks for tokens, dials, greets, watches the clock. Holds the one link. */
import type { Clock } from "../clock.ts";
import { BellwireError, isBellwireError } from "../errors.ts";
import type { CloseCause, Link, LinkObserver, Transport } from "../link.ts";
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
/** Milliseconds of being connected after which earlier failures are forgotten. */
const STABLE = 5_000;
/** Milliseconds in which a probed link must show a sign of life. */
const PROBE = 5_000;

/** Gives the token for one attempt. Absent result: no token. A `BellwireError` that is not retryable stops the channel. */
export type TokenSource = () => string | undefined | Promise<string | undefined>;

export interface ConnectionOptions {
  readonly transport: Transport;
  readonly session: string;
  readonly token: TokenSource | undefined;
  readonly clock: Clock;
  readonly random: () => number;
  readonly backoff: BackoffOptions;
  /** Milliseconds without a connection after which continuity is taken as lost. */
  readonly suspendAfter: number;
  readonly changed: (now: Connection, before: Connection) => void;
  readonly message: (message: ServerMessage) => void;
  /** A message of the hub that could not be understood. It was skipped. */
  readonly malformed: (reason: string) => void;
}

export class ClientConnection {
  readonly #options: ConnectionOptions;
  #now: Connection = { state: "idle" };
  #link: Link<ClientMessage> | undefined;
  #welcome: Welcome | undefined;
  /** Counts attempts; what an earlier attempt still reports is recognized by its number and ignored. */
  #generation = 0;
  #heardAt = 0;
  #cancelRetry: (() => void) | undefined;
  #cancelAttempt: (() => void) | undefined;
  #cancelStable: (() => void) | undefined;
  #cancelSilence: (() => void) | undefined;
  #cancelProbe: (() => void) | undefined;
  #cancelSuspend: (() => void) | undefined;
  #token: string | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get now(): Connection {
    return this.#now;
  }

  /** The largest message the hub takes, once it has said so. */
  get maxMessageBytes(): number {
    return Math.min(
      this.#welcome?.maxMessageBytes ?? Number.MAX_SAFE_INTEGER,
      this.#options.transport.capabilities.maxMessageBytes,
    );
  }

  /** Sends on the link of a connected channel; on any other it does nothing, and the caller's state says so already. */
  send(messages: readonly ClientMessage[]): void {
    if (this.#now.state === "connected" && messages.length > 0) this.#link?.send(messages);
  }

  /** Asks the token source, for a link that goes on. */
  async freshToken(): Promise<string | undefined> {
    return this.#options.token?.();
  }

  dispatch(event: ConnectionEvent): void {
    const before = this.#now;
    const { next, effects } = step(before, event, this.#options.random(), this.#options.backoff);
    this.#now = next;
    if (next.state !== before.state) this.#entered(next, before);
    for (const effect of effects) this.#perform(effect);
    if (next.state !== before.state) this.#options.changed(next, before);
  }

  #entered(next: Connection, before: Connection): void {
    const { clock, suspendAfter } = this.#options;
    const { state } = next;
    // A channel that becomes suspended while it waits goes on waiting for the same attempt.
    if (state !== "suspended") this.#cancelRetry?.();
    if (state !== "connecting") this.#cancelAttempt?.();
    if (state === "connecting") {
      this.#cancelAttempt?.();
      this.#cancelAttempt = clock.after(ATTEMPT, () => this.dispatch({ type: "late" }));
    }
    if (state === "connected") {
      this.#cancelStable = clock.after(STABLE, () => this.dispatch({ type: "stable" }));
      this.#cancelSuspend?.();
      this.#watchSilence();
    }
    if (before.state === "connected") {
      this.#cancelStable?.();
      this.#cancelSilence?.();
      this.#cancelProbe?.();
      this.#cancelSuspend = clock.after(suspendAfter, () => this.dispatch({ type: "suspend" }));
    }
    if (state === "closed" || state === "failed") this.#cancelSuspend?.();
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
            ...(this.#token !== undefined && { token: this.#token }),
          },
        ]);
      case "probe":
        return this.#probe();
      case "hang_up": {
        this.#generation += 1;
        const link = this.#link;
        this.#link = undefined;
        return link?.close(effect.cause);
      }
      case "retry":
        this.#link = undefined;
        this.#cancelRetry = this.#options.clock.after(effect.after, () => this.dispatch({ type: "retry" }));
    }
  }

  async #askToken(generation: number): Promise<void> {
    try {
      // Without a source there is nothing to wait for, and the attempt begins at once.
      const token = this.#options.token && (await this.#options.token());
      if (generation !== this.#generation) return;
      this.#token = token;
      this.dispatch({ type: "token" });
    } catch (error) {
      if (generation !== this.#generation) return;
      const known = isBellwireError(error)
        ? error
        : new BellwireError("link_lost", "the token source failed", { cause: error });
      this.dispatch({
        type: "closed",
        cause: { code: known.code, reason: known.message, retryAfter: known.retryAfter },
      });
    }
  }

  #dial(generation: number): void {
    const current = (): boolean => generation === this.#generation;
    const observer: LinkObserver<ServerMessage> = {
      open: () => current() && this.dispatch({ type: "open" }),
      message: (message) => current() && this.#receive(message),
      malformed: (reason) => current() && this.#options.malformed(reason),
      close: (cause) => current() && this.#lost(cause),
    };
    this.#link = this.#options.transport.connect(observer);
  }

  #receive(message: ServerMessage): void {
    this.#heardAt = this.#options.clock.now();
    if (message.type === "welcome") {
      this.#welcome = message;
      this.dispatch({ type: "welcome" });
    } else if (message.type === "ping") this.#link?.send([{ type: "pong" }]);
    else if (message.type !== "pong") this.#options.message(message);
  }

  #lost(cause: CloseCause): void {
    this.#generation += 1;
    this.#link = undefined;
    this.dispatch({ type: "closed", cause });
  }

  /** Declares the link dead when nothing was heard for as long as the hub allows. */
  #watchSilence(): void {
    const { clock } = this.#options;
    const rest = (): number => this.#heardAt + (this.#welcome?.silence ?? ATTEMPT) - clock.now();
    this.#cancelSilence = clock.after(rest(), () => {
      if (rest() <= 0) this.dispatch({ type: "late" });
      else this.#watchSilence();
    });
  }

  /** Asks for a sign of life now: after a sleep the link may be dead without anybody having been told. */
  #probe(): void {
    const asked = this.#options.clock.now();
    this.#link?.send([{ type: "ping" }]);
    this.#cancelProbe?.();
    this.#cancelProbe = this.#options.clock.after(PROBE, () => {
      if (this.#heardAt < asked) this.dispatch({ type: "late" });
    });
  }
}
