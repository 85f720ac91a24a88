/** The hub's end of a link: how it closes, whichever client is at the other end. */

import { type CloseCause } from "@bellwire/core";
import {
  type ClientMessage,
  type Link,
  type LinkObserver,
  type ServerMessage,
  systemClock,
} from "@bellwire/core/adapter";
import type { Sink } from "./exchange.ts";

/** Milliseconds that a peer has to take the last bytes of a stream that the hub closed. */
const FAREWELL = 5_000;

export abstract class StreamLink implements Link<ServerMessage> {
  #sink: Sink | undefined;
  #observer: LinkObserver<ClientMessage> | undefined;
  #cause: CloseCause | undefined;
  #ended = false;
  #cancelFarewell: (() => void) | undefined;

  get buffered(): number {
    return this.#sink?.buffered ?? 0;
  }

  /** Whether either side has closed it. */
  get closed(): boolean {
    return this.#cause !== undefined || this.#ended;
  }

  protected get observer(): LinkObserver<ClientMessage> | undefined {
    return this.closed ? undefined : this.#observer;
  }

  protected get sink(): Sink | undefined {
    return this.#sink;
  }

  abstract send(batch: readonly ServerMessage[]): void;

  /** The text that tells the client why a stream that has begun ends. */
  protected abstract farewell(cause: CloseCause): string;

  /** Answers a client whose stream has not begun. */
  protected abstract refuse(cause: CloseCause): void;

  close(cause: CloseCause): void {
    if (this.closed) return;
    this.#cause = cause;
    const sink = this.#sink;
    if (!sink) return this.refuse(cause);
    // Nobody reads at the other end: the bytes in between are given up, and with them the memory they hold.
    if (cause.code === "slow_consumer") return sink.destroy();
    sink.write(sink.wire.frame(this.farewell(cause)));
    this.#cancelFarewell = systemClock.after(FAREWELL, () => sink.destroy());
    sink.end();
  }

  /** The connection has ended, from whichever side. */
  ended(): void {
    if (this.#ended) return;
    const cause = this.#cause ?? { code: "link_lost" };
    this.#ended = true;
    this.#cancelFarewell?.();
    this.#observer?.close(cause);
  }

  /** Keeps the connection alive in the eyes of proxies. A reader that has not taken what is there gets nothing on top. */
  comment(): void {
    const sink = this.#sink;
    if (sink && !this.closed && sink.buffered === 0) sink.write(sink.wire.comment);
  }

  protected begin(sink: Sink): void {
    this.#sink = sink;
  }

  /** Whoever listens may find the link over already. */
  protected attach(observer: LinkObserver<ClientMessage>): void {
    this.#observer = observer;
    if (this.#ended) observer.close(this.#cause ?? { code: "link_lost" });
    else if (!this.#cause) observer.open();
  }
}
