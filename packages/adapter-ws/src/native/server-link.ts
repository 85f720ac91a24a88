/** The hub's end of a link. */
import { type CloseCause } from "@bellwire/core";
import {
  closeFrame,
  decodeClientMessage,
  encodeOnce,
  encodeServerMessage,
  type Handshake,
  type LinkAcceptor,
  type ServerMessage,
  textFrames,
} from "@bellwire/core/adapter";
import { type EncodeBatch, WebSocketLink } from "@bellwire/core/http";

/** The encoder that all links share: a batch that goes to many of them is encoded once. */
export function batchEncoder(): EncodeBatch {
  return encodeOnce((batch: readonly ServerMessage[]) => textFrames(batch.map(encodeServerMessage)));
}

/** One link on the hub. */
export class NativeLink extends WebSocketLink {
  /** Presents the link to the hub. */
  open(hub: LinkAcceptor, handshake: Handshake): void {
    this.observer = hub.accept(this, handshake);
    this.observer.open();
  }

  close(cause: CloseCause): void {
    const { number, reason } = closeFrame(cause);
    this.end.close(cause, number, reason);
  }

  receive(text: string, bytes: number): void {
    const decoded = decodeClientMessage(text);
    if (decoded.ok) this.observer?.message(decoded.message, bytes);
    else this.malformed(decoded.reason);
  }
}
