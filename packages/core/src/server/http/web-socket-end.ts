/**
 * The server's end of a WebSocket whose frames the adapter writes itself, in one piece per tick,
 * while a library does the handshake, reading, control frames and closing. Order holds because such
 * a library writes synchronously without compression.
 */
import type { Duplex } from "node:stream";
import { type CloseCause, closeCause } from "../../protocol/close-codes.ts";

/** The part of a library's WebSocket that this file uses. */
export interface LibraryWebSocket {
  on(event: "message", listener: (data: Buffer, isBinary: boolean) => void): unknown;
  on(event: "close", listener: (number: number, reason: Buffer) => void): unknown;
  on(event: "error", listener: (error: Error) => void): unknown;
  close(number: number, reason: string): void;
  /** Destroys the connection without a close frame. */
  terminate(): void;
}

/**
 * Options of the library's server, with the largest inbound message in bytes. A peer has 2 s to
 * answer a close frame, or to take ours, before its socket is destroyed.
 */
export function webSocketOptions(maxPayload: number): {
  readonly noServer: true;
  readonly clientTracking: false;
  readonly perMessageDeflate: false;
  readonly maxPayload: number;
  readonly closeTimeout: number;
} {
  return { noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload, closeTimeout: 2_000 };
}

/** The events of one WebSocket. */
export interface WebSocketListener {
  receive(text: string, bytes: number): void;
  malformed(reason: string): void;
  ended(cause: CloseCause): void;
}

/** Reports the messages of a WebSocket and its close. */
export function listenToWebSocket(webSocket: LibraryWebSocket, listener: WebSocketListener): void {
  webSocket.on("message", (data, isBinary) => {
    if (isBinary) listener.malformed("binary");
    else listener.receive(data.toString(), data.length);
  });
  webSocket.on("close", (number, reason) => listener.ended(closeCause(number, reason.toString())));
  // A close follows every error, and its number says what the error was.
  webSocket.on("error", () => {});
}

/** Writes frames, counts the bytes that wait, and closes with or without a close frame. */
export class WebSocketEnd {
  readonly #webSocket: LibraryWebSocket;
  readonly #socket: Duplex;
  #closing = false;

  constructor(webSocket: LibraryWebSocket, socket: Duplex) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    // Both sides have sent close frames and ours is written: a peer that keeps its side open has
    // left.
    socket.once("finish", () => webSocket.terminate());
  }

  /** Bytes that the operating system has not taken yet. */
  get buffered(): number {
    return this.#socket.writableLength;
  }

  /** Whether this side has closed it; later messages of the peer do not count. */
  get closing(): boolean {
    return this.#closing;
  }

  /** Writes whole frames; after a close, or with none, it does nothing. */
  write(frames: Buffer): void {
    // The socket's state lies next to what the write needs anyway; the library's would be one more
    // cache miss.
    if (!this.#closing && frames.length > 0 && this.#socket.writable) this.#socket.write(frames);
  }

  /** Writes everything that `work` writes in one piece. */
  together(work: () => void): void {
    this.#socket.cork();
    try {
      work();
    } finally {
      this.#socket.uncork();
    }
  }

  /**
   * Closes with the number of a cause. A slow consumer would not read a close frame, and 1006
   * stands for a close without one: both destroy the connection.
   */
  close({ code }: CloseCause, number: number, reason: string): void {
    if (code === "slow_consumer" || number === 1006) return this.terminate();
    this.#closing = true;
    this.#webSocket.close(number, reason);
    // A peer that showed no sign of life does not answer a close frame, but may still read ours.
    if (code === "timeout") this.#socket.end();
  }

  /** Destroys the connection; bytes that were not written are lost. */
  terminate(): void {
    this.#closing = true;
    this.#webSocket.terminate();
  }
}
