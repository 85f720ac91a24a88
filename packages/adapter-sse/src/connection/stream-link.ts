/** The part of the hub's end that native and stock links share: how a link begins and closes. */

import { type CloseCause } from "@bellwire/core";
import {
  type ClientMessage,
  type Link,
  type LinkObserver,
  type ServerMessage,
  systemClock,
} from "@bellwire/core/adapter";
import type { Sink } from "./exchange.ts";

/** Milliseconds within which a peer must take the last bytes of a stream that the hub closed. */
const FAREWELL = 5_000;

/** A link whose messages leave by a {@link Sink}, once `begin` was called. */
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

  /** The last text of a stream, which tells the client why it ends. */
  protected abstract farewell(cause: CloseCause): string;

  /** Answers a client whose stream has not begun. */
  protected abstract refuse(cause: CloseCause): void;

  close(cause: CloseCause): void {
    if (this.closed) return;
    this.#cause = cause;
    const sink = this.#sink;
    if (!sink) return this.refuse(cause);
    // A slow consumer would not read it. The bytes that wait are dropped, which frees their memory.
    if (cause.code === "slow_consumer") return sink.destroy();
    sink.write(sink.encoding.frame(this.farewell(cause)));
    this.#cancelFarewell = systemClock.after(FAREWELL, () => sink.destroy());
    sink.end();
  }

  /** The connection has ended, from either side. */
  ended(): void {
    if (this.#ended) return;
    const cause = this.#cause ?? { code: "link_lost" };
    this.#ended = true;
    this.#cancelFarewell?.();
    this.#observer?.close(cause);
  }

  /** Writes a comment, so that proxies keep the connection, unless bytes are waiting anyway. */
  comment(): void {
    const sink = this.#sink;
    if (sink && !this.closed && sink.buffered === 0) sink.write(sink.encoding.comment);
  }

  protected begin(sink: Sink): void {
    this.#sink = sink;
  }

  /** Connects the link to the hub. It may have ended already. */
  protected attach(observer: LinkObserver<ClientMessage>): void {
    this.#observer = observer;
    if (this.#ended) observer.close(this.#cause ?? { code: "link_lost" });
    else if (!this.#cause) observer.open();
  }
}
