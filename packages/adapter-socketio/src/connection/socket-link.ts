/**
 * The hub's end of a link: its begin and end, which are the same for Bellwire's client and stock
 * clients.
 */

import type { CloseCause } from "@bellwire/core";
import type { ClientMessage, Link, LinkObserver, ServerMessage } from "@bellwire/core/adapter";
import type { Socket } from "socket.io";
import type { Connection } from "./connection.ts";
import { readInbound } from "./inbound.ts";

const LOST: CloseCause = { code: "link_lost" };

export abstract class SocketLink implements Link<ServerMessage> {
  protected readonly socket: Socket;
  protected readonly connection: Connection;
  readonly #limit: number;
  #observer: LinkObserver<ClientMessage> | undefined;
  #cause: CloseCause | undefined;
  #ended = false;

  /**
   * `limit` is the size of the largest message that the link accepts, in bytes. `alone` means that
   * the Engine.IO session serves this link only and ends with it.
   */
  constructor(socket: Socket, connection: Connection, limit: number, alone: boolean) {
    this.socket = socket;
    this.connection = connection;
    this.#limit = limit;
    socket.conn.on("close", this.#gone);
    socket.on("disconnect", (reason) => {
      const left = reason === "client namespace disconnect";
      this.ended(left ? { code: "normal" } : LOST);
      // A session without a link would hold a connection that no limit counts.
      if (left && alone) connection.close();
    });
    // The library could not parse a packet and is about to close the connection.
    socket.on("error", () => this.close({ code: "malformed", reason: "not a Socket.IO packet" }));
    // No event reaches listeners, because some event names have a meaning to the library.
    socket.use(([event, ...args]: readonly unknown[]) => {
      if (!this.closed) this.received(event, args);
    });
  }

  get buffered(): number {
    return this.connection.buffered;
  }

  /** Whether either side has closed the link. */
  get closed(): boolean {
    return this.#cause !== undefined || this.#ended;
  }

  abstract send(batch: readonly ServerMessage[]): void;

  close(cause: CloseCause): void {
    if (this.closed) return;
    this.#cause = cause;
    // A peer that does not read would not receive a farewell, and a lost link has none.
    if (cause.code === "slow_consumer" || cause.code === "link_lost") this.connection.terminate();
    else this.farewell(cause);
  }

  /** Receives an event of the client. MUST NOT throw, whatever the event holds. */
  protected abstract received(event: unknown, args: readonly unknown[]): void;

  /** Tells the client why the link ends, and ends it. */
  protected abstract farewell(cause: CloseCause): void;

  /** Presents the link to the hub. */
  protected attach(observer: LinkObserver<ClientMessage>): void {
    this.#observer = observer;
    if (!this.closed) observer.open();
  }

  /**
   * Passes a message to the hub. A value that is no message is reported to the hub, and its reason
   * is returned.
   */
  protected take(value: unknown): string | undefined {
    const observer = this.closed ? undefined : this.#observer;
    const read = readInbound(value, this.#limit);
    if (read.ok) observer?.message(read.message, read.bytes);
    else if (read.code === "too_large") this.close(read);
    else observer?.malformed(read.reason);
    return read.ok ? undefined : read.reason;
  }

  /** Reports an event that carries no message to the hub. */
  protected malformed(reason: string): void {
    this.#observer?.malformed(reason);
  }

  /**
   * Reports the end of the link once. The cause of an earlier `close` takes precedence over
   * `cause`.
   */
  protected ended(cause: CloseCause): void {
    if (this.#ended) return;
    this.#ended = true;
    this.socket.conn.off("close", this.#gone);
    this.connection.leave();
    this.#observer?.close(this.#cause ?? cause);
  }

  readonly #gone = (): void => this.ended(LOST);
}
