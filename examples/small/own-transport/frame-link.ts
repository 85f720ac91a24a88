/** One end of a link over TCP. A frame is 4 bytes of length and a text: a message, or a close. */
import type { Socket } from "node:net";
import type { CloseCause } from "@bellwire/core";
import { closeCause, closeFrame, type Decoded, type Link, type LinkObserver } from "@bellwire/core/adapter";

/** Milliseconds in which the other end may take a close frame. */
const CLOSE_TIME = 1_000;

export class FrameLink<Out, In> implements Link<Out> {
  readonly #socket: Socket;
  readonly #encode: (batch: readonly Out[]) => Buffer;
  readonly #decode: (text: string) => Decoded<In>;
  readonly #maxBytes: number;
  #observer: LinkObserver<In> | undefined;
  #received: Buffer = Buffer.alloc(0);
  #ended = false;

  /** `maxBytes`: a longer frame ends the link before it has been read whole. */
  constructor(
    socket: Socket,
    encode: (batch: readonly Out[]) => Buffer,
    decode: (text: string) => Decoded<In>,
    maxBytes: number,
  ) {
    this.#socket = socket;
    this.#encode = encode;
    this.#decode = decode;
    this.#maxBytes = maxBytes;
  }

  observe(observer: LinkObserver<In>): void {
    this.#observer = observer;
    this.#socket.on("data", (bytes) => this.#take(bytes));
    this.#socket.on("end", () => this.#socket.destroy());
    this.#socket.on("error", () => {});
    this.#socket.on("close", () => this.#end({ code: "link_lost" }));
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  send(batch: readonly Out[]): void {
    if (this.#ended) return;
    try {
      this.#socket.write(this.#encode(batch));
    } catch {
      this.close({ code: "internal", reason: "a message could not be encoded" });
    }
  }

  close(cause: CloseCause): void {
    if (this.#ended) return;
    const { number, reason } = closeFrame(cause);
    this.#socket.end(frame(`${number} ${reason}`));
    setTimeout(() => this.#socket.destroy(), CLOSE_TIME).unref();
    this.#end(cause);
  }

  #take(bytes: Buffer): void {
    this.#received = Buffer.concat([this.#received, bytes]);
    while (!this.#ended && this.#received.length >= 4) {
      const length = this.#received.readUInt32BE(0);
      if (length > this.#maxBytes) return this.close({ code: "too_large" });
      if (this.#received.length < 4 + length) return;
      const text = this.#received.toString("utf8", 4, 4 + length);
      this.#received = this.#received.subarray(4 + length);
      this.#receive(text, length);
    }
  }

  #receive(text: string, bytes: number): void {
    if (text === "") return;
    const close = /^(\d+) (.*)$/s.exec(text);
    if (close) {
      this.#socket.destroy();
      return this.#end(closeCause(Number(close[1]), close[2] ?? ""));
    }
    const decoded = this.#decode(text);
    if (decoded.ok) this.#observer?.message(decoded.message, bytes);
    else this.#observer?.malformed(decoded.reason);
  }

  #end(cause: CloseCause): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#observer?.close(cause);
  }
}

/** An empty frame, with which the client begins. */
export const GREETING: Buffer = Buffer.alloc(4);

/** One frame. */
export function frame(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}
