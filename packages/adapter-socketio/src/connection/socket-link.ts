/** The hub's end of a link: how it begins and ends, whichever client is at the other end. */

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
   * `limit` is the largest message that it takes, in bytes. `alone`: the session underneath serves
   * this link only, and ends with it.
   */
  constructor(socket: Socket, connection: Connection, limit: number, alone: boolean) {
    this.socket = socket;
    this.connection = connection;
    this.#limit = limit;
    socket.conn.on("close", this.#gone);
    socket.on("disconnect", (reason) => {
      const left = reason === "client namespace disconnect";
      this.ended(left ? { code: "normal" } : LOST);
      // A session without a link would be a connection that counts against no limit.
      if (left && alone) connection.close();
    });
    // The library is about to close the connection: it could not make sense of a packet.
    socket.on("error", () => this.close({ code: "malformed", reason: "not a Socket.IO packet" }));
    // Nothing is passed on to listeners, where some names of events have a meaning to the library.
    socket.use(([event, ...args]: readonly unknown[]) => {
      if (!this.closed) this.received(event, args);
    });
  }

  get buffered(): number {
    return this.connection.buffered;
  }

  /** Whether either side has closed it. */
  get closed(): boolean {
    return this.#cause !== undefined || this.#ended;
  }

  abstract send(batch: readonly ServerMessage[]): void;

  close(cause: CloseCause): void {
    if (this.closed) return;
    this.#cause = cause;
    // A peer that does not read receives no farewell either, and a lost link ends without one.
    if (cause.code === "slow_consumer" || cause.code === "link_lost") this.connection.terminate();
    else this.farewell(cause);
  }

  /** Takes an event of the client. MUST NOT throw, whatever the event holds. */
  protected abstract received(event: unknown, args: readonly unknown[]): void;

  /** Tells the client why the link ends, and ends it. */
  protected abstract farewell(cause: CloseCause): void;

  /** Presents the link to the hub. */
  protected attach(observer: LinkObserver<ClientMessage>): void {
    this.#observer = observer;
    if (!this.closed) observer.open();
  }

  /** Hands a message over to the hub; or says why it is none, after the hub was told. */
  protected take(value: unknown): string | undefined {
    const observer = this.closed ? undefined : this.#observer;
    const read = readInbound(value, this.#limit);
    if (read.ok) observer?.message(read.message, read.bytes);
    else if (read.code === "too_large") this.close(read);
    else observer?.malformed(read.reason);
    return read.ok ? undefined : read.reason;
  }

  /** Takes note of something that is no message. */
  protected malformed(reason: string): void {
    this.#observer?.malformed(reason);
  }

  /** The link is over; `cause` holds unless it was closed here. */
  protected ended(cause: CloseCause): void {
    if (this.#ended) return;
    this.#ended = true;
    this.socket.conn.off("close", this.#gone);
    this.connection.leave();
    this.#observer?.close(this.#cause ?? cause);
  }

  readonly #gone = (): void => this.ended(LOST);
}
