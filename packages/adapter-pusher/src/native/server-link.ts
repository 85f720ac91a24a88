/**
 * The hub's end of a link of Bellwire's own client: Pusher's protocol as far as pusher-js needs it,
 * and on it the messages of PROTOCOL.md.
 */
import { type CloseCause } from "@bellwire/core";
import {
  byeOf,
  encodeOnce,
  encodeServerMessage,
  type Handshake,
  type LinkAcceptor,
  readClientMessage,
  type ServerMessage,
  textFrames,
} from "@bellwire/core/adapter";
import { type EncodeBatch, WebSocketLink } from "@bellwire/core/http";
import { establishedText, PONG } from "../connection/event-text.ts";
import type { PusherEnd } from "../connection/pusher-end.ts";
import { newSocketId } from "../connection/socket-id.ts";
import { NATIVE_EVENT, NATIVE_OVERHEAD, nativeText } from "./native-event.ts";

/** The encoder that all links share: a batch that goes to many of them is encoded once. */
export function batchEncoder(): EncodeBatch {
  return encodeOnce(nativeFrames);
}

function nativeFrames(batch: readonly ServerMessage[]): Buffer {
  return textFrames(batch.map((message) => nativeText(encodeServerMessage(message))));
}

export class NativeLink extends WebSocketLink<PusherEnd> {
  #maxMessageBytes = 0;

  /** Presents the link to the hub, and lets the client begin, which sends `hello` itself. */
  open(hub: LinkAcceptor, handshake: Handshake, activityTimeout: number): void {
    this.#maxMessageBytes = hub.maxMessageBytes;
    this.observer = hub.accept(this, handshake);
    this.observer.open();
    this.end.write(textFrames([establishedText(newSocketId(), activityTimeout)]));
  }

  close(cause: CloseCause): void {
    if (this.end.closing) return;
    // Pusher's close codes determine when to reconnect, but hardly express the cause.
    if (cause.code !== "slow_consumer") this.end.write(nativeFrames([byeOf(cause)]));
    this.end.closeFor(cause);
  }

  receive(text: string, bytes: number): void {
    if (this.end.closing) return;
    if (bytes - NATIVE_OVERHEAD > this.#maxMessageBytes)
      return this.close({ code: "too_large", reason: "a message is too large" });
    const value = parse(text);
    if (value?.event === "pusher:ping") return this.end.say(textFrames([PONG]));
    if (value?.event === "pusher:pong") return;
    if (value?.event !== NATIVE_EVENT) return this.malformed("not a message");
    const decoded = readClientMessage(value.data);
    if (decoded.ok) this.observer?.message(decoded.message, bytes);
    else this.malformed(decoded.reason);
  }
}

function parse(text: string): { readonly event?: unknown; readonly data?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
