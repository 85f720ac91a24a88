/** The hub's end of a link. */
import { type CloseCause } from "@bellwire/core";
import {
  type ClientMessage,
  closeFrame,
  decodeClientMessage,
  encodeOnce,
  encodeServerMessage,
  type Handshake,
  type Link,
  type LinkAcceptor,
  type LinkObserver,
  type ServerMessage,
  textFrames,
} from "@bellwire/core/adapter";
import { type WebSocketEnd, type WebSocketListener } from "@bellwire/core/http";

/** Encodes a batch as text frames, one for each message. */
export type EncodeBatch = (batch: readonly ServerMessage[]) => Buffer;

/** The encoder that all links share: a batch that goes to many of them is encoded once. */
export function batchEncoder(): EncodeBatch {
  return encodeOnce((batch: readonly ServerMessage[]) => textFrames(batch.map(encodeServerMessage)));
}

/** One link on the hub. A batch that cannot be encoded closes it with `internal`. */
export class NativeLink implements Link<ServerMessage>, WebSocketListener {
  readonly #end: WebSocketEnd;
  readonly #encode: EncodeBatch;
  #observer: LinkObserver<ClientMessage> | undefined;

  constructor(end: WebSocketEnd, encode: EncodeBatch) {
    this.#end = end;
    this.#encode = encode;
  }

  /** Presents the link to the hub. */
  open(hub: LinkAcceptor, handshake: Handshake): void {
    this.#observer = hub.accept(this, handshake);
    this.#observer.open();
  }

  get buffered(): number {
    return this.#end.buffered;
  }

  send(batch: readonly ServerMessage[]): void {
    if (this.#end.closing) return;
    let frames: Buffer;
    try {
      frames = this.#encode(batch);
    } catch {
      return this.close({ code: "internal", reason: "a message could not be encoded" });
    }
    this.#end.write(frames);
  }

  close(cause: CloseCause): void {
    const { number, reason } = closeFrame(cause);
    this.#end.close(cause, number, reason);
  }

  receive(text: string, bytes: number): void {
    const decoded = decodeClientMessage(text);
    if (decoded.ok) this.#observer?.message(decoded.message, bytes);
    else this.malformed(decoded.reason);
  }

  malformed(reason: string): void {
    this.#observer?.malformed(reason);
  }

  ended(cause: CloseCause): void {
    this.#observer?.close(cause);
  }
}
