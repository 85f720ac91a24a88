/** One connection of Bellwire's own client: Pusher's protocol as far as pusher-js needs it, and Bellwire's messages on it. */

import { type CloseCause } from "@bellwire/core";
import {
  type ClientMessage,
  encodeServerMessage,
  type Link,
  type LinkObserver,
  readClientMessage,
  type ServerMessage,
  textFrames,
} from "@bellwire/core/adapter";
import { type Handshake, type LinkAcceptor } from "@bellwire/core/server";
import type { WireEnd } from "../connection/pusher-end.ts";
import { newSocketId } from "../connection/socket-id.ts";
import { establishedText, PONG } from "../stock/events.ts";
import { NATIVE_EVENT, NATIVE_OVERHEAD, nativeText } from "./native-event.ts";

/** The frames of a batch, the same for every connection that is due it. */
export function nativeFrames(batch: readonly ServerMessage[]): Buffer {
  return textFrames(batch.map((message) => nativeText(encodeServerMessage(message))));
}

export class NativeLink implements Link<ServerMessage> {
  readonly #end: WireEnd;
  readonly #encode: (batch: readonly ServerMessage[]) => Buffer;
  #observer: LinkObserver<ClientMessage> | undefined;
  #maxMessageBytes = 0;

  constructor(end: WireEnd, encode: (batch: readonly ServerMessage[]) => Buffer) {
    this.#end = end;
    this.#encode = encode;
  }

  /** Presents the link to the hub, and tells the client to begin. It says hello itself. */
  open(hub: LinkAcceptor, handshake: Handshake, activityTimeout: number): void {
    this.#maxMessageBytes = hub.maxMessageBytes;
    this.#observer = hub.accept(this, handshake);
    this.#observer.open();
    this.#end.write(textFrames([establishedText(newSocketId(), activityTimeout)]));
  }

  get buffered(): number {
    return this.#end.buffered;
  }

  send(batch: readonly ServerMessage[]): void {
    try {
      this.#end.write(this.#encode(batch));
    } catch {
      this.close({ code: "internal", reason: "a message could not be encoded" });
    }
  }

  close(cause: CloseCause): void {
    if (this.#end.closing) return;
    const { code, reason, retryAfter } = cause;
    // Pusher's numbers say when to come back, and hardly why not.
    const bye: ServerMessage = {
      type: "bye",
      code,
      ...(reason !== undefined && { reason }),
      ...(retryAfter !== undefined && { retryAfter }),
    };
    if (code !== "slow_consumer") this.#end.write(nativeFrames([bye]));
    this.#end.close(cause);
  }

  receive(text: string, bytes: number): void {
    if (this.#end.closing) return;
    if (bytes - NATIVE_OVERHEAD > this.#maxMessageBytes)
      return this.close({ code: "too_large", reason: "a message is too large" });
    const value = parse(text);
    if (value?.event === "pusher:ping") return this.#end.say(textFrames([PONG]));
    if (value?.event === "pusher:pong") return;
    if (value?.event !== NATIVE_EVENT) return this.malformed("not a message");
    const decoded = readClientMessage(value.data);
    if (decoded.ok) this.#observer?.message(decoded.message, bytes);
    else this.malformed(decoded.reason);
  }

  malformed(reason: string): void {
    this.#observer?.malformed(reason);
  }

  ended(cause: CloseCause): void {
    this.#observer?.close(cause);
    this.#observer = undefined;
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
