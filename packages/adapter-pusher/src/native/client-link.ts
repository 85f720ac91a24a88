/**
 * The client's end of a link to a hub of our own: Bellwire's messages, on a connection of Pusher's.
 */

import { type CloseCause } from "@bellwire/core";
import {
  type ClientMessage,
  type Link,
  type LinkObserver,
  readServerMessage,
  type ServerMessage,
} from "@bellwire/core/adapter";
import { type PusherAddress, PusherConnection, type ReceivedEvent } from "../connection/pusher-connection.ts";
import { NATIVE_EVENT, NATIVE_PATH } from "./native-event.ts";

export class PusherClientLink implements Link<ClientMessage> {
  /** pusher-js does not report it. */
  readonly buffered = 0;
  readonly #observer: LinkObserver<ServerMessage>;
  readonly #connection: PusherConnection;

  constructor(address: PusherAddress, observer: LinkObserver<ServerMessage>) {
    this.#observer = observer;
    this.#connection = new PusherConnection(
      { ...address, path: `${address.path ?? ""}${NATIVE_PATH}` },
      {
        open: () => observer.open(),
        event: (event) => this.#receive(event),
        malformed: (reason) => observer.malformed(reason),
        close: (cause) => observer.close(cause),
      },
    );
  }

  send(batch: readonly ClientMessage[]): void {
    for (const message of batch) {
      if (!this.#connection.send(NATIVE_EVENT, message))
        return this.close({ code: "link_lost", reason: "the connection is gone" });
    }
  }

  close(cause: CloseCause): void {
    this.#connection.close(cause);
  }

  #receive({ event, data }: ReceivedEvent): void {
    // pusher-js receives answers to requests of its own, too.
    if (event !== NATIVE_EVENT) return;
    const decoded = readServerMessage(data);
    if (!decoded.ok) return this.#observer.malformed(decoded.reason);
    const { message } = decoded;
    if (message.type === "bye") {
      const { code, reason, retryAfter } = message;
      this.close({ code, reason, retryAfter });
    } else this.#observer.message(message);
  }
}
