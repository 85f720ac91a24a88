/** The hub's end of a link on a WebSocket, as far as it is the same for every protocol on it. */
import type { Link, LinkObserver } from "../../link.ts";
import type { CloseCause } from "../../protocol/close-codes.ts";
import type { ClientMessage, ServerMessage } from "../../protocol/messages.ts";
import type { WebSocketEnd, WebSocketListener } from "./web-socket-end.ts";

/** Encodes a batch as text frames, one for each message. */
export type EncodeBatch = (batch: readonly ServerMessage[]) => Buffer;

/** A batch that cannot be encoded closes the link with `internal`. */
export abstract class WebSocketLink<End extends WebSocketEnd = WebSocketEnd>
  implements Link<ServerMessage>, WebSocketListener
{
  protected readonly end: End;
  protected observer: LinkObserver<ClientMessage> | undefined;
  readonly #encode: EncodeBatch;

  constructor(end: End, encode: EncodeBatch) {
    this.end = end;
    this.#encode = encode;
  }

  get buffered(): number {
    return this.end.buffered;
  }

  send(batch: readonly ServerMessage[]): void {
    if (this.end.closing) return;
    let frames: Buffer;
    try {
      frames = this.#encode(batch);
    } catch {
      return this.close({ code: "internal", reason: "a message could not be encoded" });
    }
    this.end.write(frames);
  }

  abstract close(cause: CloseCause): void;

  abstract receive(text: string, bytes: number): void;

  malformed(reason: string): void {
    this.observer?.malformed(reason);
  }

  ended(cause: CloseCause): void {
    this.observer?.close(cause);
    this.observer = undefined;
  }
}
