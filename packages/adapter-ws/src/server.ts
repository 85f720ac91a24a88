/**
 * The server half of the WebSocket wire, on `ws`. What goes to clients is framed here and written to the socket in one piece per
 * tick; handshake, reading, control frames and closing stay with `ws`. Order holds because `ws` writes synchronously without compression.
 */
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import {
  type CloseCause,
  checkOptions,
  closeCause,
  closeFrame,
  decodeClientMessage,
  encodeServerMessage,
  type Link,
  type ServerMessage,
} from "@bellwire/core";
import {
  type AllowedOrigins,
  encodeOnce,
  isAllowedOrigins,
  judgeOrigin,
  type LinkAcceptor,
  textFrames,
} from "@bellwire/core/server";
import { type WebSocket, WebSocketServer } from "ws";

/** Options of {@link attachWebSocket}. */
export interface WebSocketServerOptions {
  /** The path of the upgrade request. Default: `/bellwire`. */
  readonly path?: string;
  /**
   * Origins of the web pages that may connect, beside those of the server itself: `["https://app.example.com"]`. `"*"` allows every
   * page and then refuses requests that carry cookies. Default: none.
   */
  readonly allowedOrigins?: AllowedOrigins;
}

/** Milliseconds that a peer has to answer a close frame before its socket is destroyed. */
const CLOSE_TIMEOUT = 2_000;

const RULES = {
  path: {
    allowed: 'a path such as "/bellwire", without a query',
    test: (value: unknown) => typeof value === "string" && /^\/[^?#\s]*$/.test(value),
  },
  allowedOrigins: {
    allowed: `"*" or an array of origins such as "https://app.example.com", without a path and without the scheme's own port`,
    test: isAllowedOrigins,
  },
};

/**
 * Serves a hub over WebSocket on an HTTP server, beside whatever else it serves. Upgrades to other paths are left to other listeners, and
 * refused with 404 when there are none. Returns a function that detaches it; links that are open go on. Throws `invalid_option`.
 */
export function attachWebSocket(
  hub: LinkAcceptor,
  server: Server,
  options: WebSocketServerOptions = {},
): () => void {
  checkOptions("attachWebSocket", options, RULES);
  const path = options.path ?? "/bellwire";
  const allowedOrigins = options.allowedOrigins ?? [];
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: hub.maxMessageBytes,
  });
  const encode = encodeOnce((batch: readonly ServerMessage[]) => textFrames(batch.map(encodeServerMessage)));

  const upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.url?.split("?", 1)[0] !== path) {
      // Node no longer listens to it: a reset that nobody hears would end the process.
      socket.on("error", () => {});
      if (server.listenerCount("upgrade") === 1) refuse(socket, "404 Not Found");
      return;
    }
    const headers = singleHeaders(request);
    if (!judgeOrigin(headers, allowedOrigins).allowed) return refuse(socket, "403 Forbidden");
    const refusal = hub.refusal();
    if (refusal) return refuse(socket, "503 Service Unavailable", refusal);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const { remoteAddress } = request.socket;
      const link = new WebSocketLink(webSocket, socket, encode);
      const observer = hub.accept(link, { transport: "ws", headers, remoteAddress });
      webSocket.on("message", (data: Buffer, isBinary) => {
        const decoded = isBinary
          ? ({ ok: false, reason: "binary" } as const)
          : decodeClientMessage(data.toString());
        if (decoded.ok) observer.message(decoded.message, data.length);
        else observer.malformed(decoded.reason);
      });
      webSocket.on("close", (code, reason) => observer.close(closeCause(code, reason.toString())));
      // A close follows every error, with the number that says what it was.
      webSocket.on("error", () => {});
      observer.open();
    });
  };
  server.on("upgrade", upgrade);
  return () => void server.off("upgrade", upgrade);
}

class WebSocketLink implements Link<ServerMessage> {
  readonly #webSocket: WebSocket;
  readonly #socket: Duplex;
  readonly #encode: (batch: readonly ServerMessage[]) => Buffer;
  #closing = false;

  constructor(webSocket: WebSocket, socket: Duplex, encode: (batch: readonly ServerMessage[]) => Buffer) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#encode = encode;
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  send(batch: readonly ServerMessage[]): void {
    // What is asked is next to what the write needs anyway; the WebSocket's own state would be one more cache miss.
    if (!this.#closing && this.#socket.writable) this.#socket.write(this.#encode(batch));
  }

  close(cause: CloseCause): void {
    const { number, reason } = closeFrame(cause);
    this.#closing = true;
    // Who does not read does not read a close frame either, and 1006 is the number of a close without one.
    if (cause.code === "slow_reader" || number === 1006) return this.#webSocket.terminate();
    this.#webSocket.close(number, reason);
    setTimeout(() => this.#webSocket.terminate(), CLOSE_TIMEOUT).unref();
  }
}

/** Headers as `authenticate` gets them: one string each. */
function singleHeaders({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}

function refuse(socket: Duplex, status: string, cause?: CloseCause): void {
  // The peer may be gone already, which is nobody's error.
  socket.on("error", () => {});
  // A peer that does not end its side would hold the socket for ever.
  socket.once("finish", () => socket.destroy());
  const retry =
    cause?.retryAfter === undefined ? "" : `Retry-After: ${Math.ceil(cause.retryAfter / 1000)}\r\n`;
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n${retry}\r\n`);
}
