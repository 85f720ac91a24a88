/** The open responses of Node's servers. */
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Encoding } from "./encoding.ts";
import type { Sink } from "./exchange.ts";

/**
 * Writes framed bytes straight to the socket: one system call for a batch, and no copy for each
 * stream.
 */
export class SocketSink implements Sink {
  readonly encoding: Encoding;
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  #over = false;

  constructor(response: ServerResponse, socket: Socket, encoding: Encoding) {
    this.#response = response;
    this.#socket = socket;
    this.encoding = encoding;
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    // A write to a socket that the peer has ended is an error, which the server would take for a
    // broken request.
    if (!this.#over && this.#socket.writable) this.#socket.write(bytes);
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#response.end();
  }

  destroy(): void {
    this.#over = true;
    this.#socket.destroy();
  }
}

/**
 * A stream that frames by itself: one of HTTP/2, or a response on HTTP/1.0 or behind another
 * response, which gets its socket when its turn comes.
 */
interface Framed {
  readonly writableLength: number;
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
  write(bytes: Uint8Array): boolean;
  end(): unknown;
}

/** Writes to a {@link Framed} stream. */
export class StreamSink implements Sink {
  readonly encoding: Encoding;
  readonly #framed: Framed;
  readonly #cut: () => void;

  /** `cut` ends what carries the stream. */
  constructor(framed: Framed, encoding: Encoding, cut: () => void) {
    this.#framed = framed;
    this.encoding = encoding;
    this.#cut = cut;
  }

  get buffered(): number {
    return this.#framed.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (!this.#framed.writableEnded && !this.#framed.destroyed) this.#framed.write(bytes);
  }

  end(): void {
    this.#framed.end();
  }

  destroy(): void {
    this.#cut();
  }
}
