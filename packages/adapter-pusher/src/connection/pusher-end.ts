/** The emulator's end of one WebSocket: writes frames, counts what waits, closes. */
import type { Duplex } from "node:stream";
import type { CloseCause } from "@bellwire/core";
import { textFrames } from "@bellwire/core/adapter";
import type { WebSocket } from "ws";
import { pusherClose } from "./close-number.ts";

/** Milliseconds that a peer has to answer a close frame, or to take ours, before its socket is destroyed. An option of `ws`. */
export const CLOSING = { closeTimeout: 2_000 } as const;
/** What the emulator itself may have waiting for a connection, in bytes; what the hub sends has the hub's own bounds. */
const WAITING = 1_048_576;

export class WireEnd {
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  #closing = false;

  constructor(webSocket: WebSocket, socket: Duplex) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    // Both have said goodbye, and our side is written: a peer that keeps its own side open has left all the same.
    socket.once("finish", () => webSocket.terminate());
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  /** Whether it is over for the peer: nothing it sends counts any more. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Writes frames. Order holds because `ws` writes synchronously without compression. */
  write(frames: Buffer): void {
    if (!this.#closing && frames.length > 0 && this.#socket.writable) this.#socket.write(frames);
  }

  /** What is written meanwhile leaves in one piece. */
  together(work: () => void): void {
    this.#socket.cork();
    try {
      work();
    } finally {
      this.#socket.uncork();
    }
  }

  /** Says what does not come from the hub. A peer that does not read is given up. */
  say(frames: Buffer): void {
    if (this.buffered > WAITING) this.close({ code: "slow_consumer" });
    else this.write(frames);
  }

  close(cause: CloseCause): void {
    const { number, reason } = pusherClose(cause);
    // Who does not read does not read a close frame either, and 1006 is the number of a close without one.
    if (cause.code !== "slow_consumer" && number !== 1006) return this.closeWith(number, reason);
    this.#closing = true;
    this.#webSocket.terminate();
  }

  /** Closes with a number of Pusher's. With `farewell` a text goes before it. */
  closeWith(number: number, reason: string, farewell?: string): void {
    if (farewell !== undefined) this.write(textFrames([farewell]));
    this.#closing = true;
    this.#webSocket.close(number, reason);
  }
}
