/**
 * The server half of the WebSocket wire, on `ws`. What goes to clients is framed here and written to the socket in one piece per
 * tick; handshake, reading, control frames and closing stay with `ws`. Order holds because `ws` writes synchronously without compression.
 */
import type { Duplex } from "node:stream";
import { type CloseCause } from "@bellwire/core";
import {
  checkOptions,
  closeCause,
  closeFrame,
  decodeClientMessage,
  encodeOnce,
  encodeServerMessage,
  type Link,
  type ServerMessage,
  textFrames,
} from "@bellwire/core/adapter";
import {
  type HttpServer,
  isAllowedOrigins,
  isSecure,
  judgeOrigin,
  refuseUpgrade,
  servePath,
  singleHeaders,
  takeRequests,
  takeUpgrades,
  type UpgradeTaker,
} from "@bellwire/core/http";
import { type AllowedOrigins, type LinkAcceptor } from "@bellwire/core/server";
import { type ServerOptions, type WebSocket, WebSocketServer } from "ws";

/** Options of {@link attachWebSocket}. */
export interface WebSocketServerOptions {
  /** The path of the upgrade request. Default: `/bellwire`. */
  readonly path?: string;
  /**
   * Origins of the web pages that may connect, beside the server's own: `["https://app.example.com"]`. Its own has the scheme, host and
   * port of the request; behind a proxy that ends TLS, by the headers `Host` and `X-Forwarded-Proto`, which it must pass on. `"*"` allows
   * every page and then refuses requests that carry cookies. Default: none.
   */
  readonly allowedOrigins?: AllowedOrigins;
}

/** Milliseconds that a peer has to answer a close frame, or to take our answer to its own, before its socket is destroyed. */
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
 * Serves a hub over WebSocket on an HTTP server, beside whatever else it serves. Other requests and upgrades to other paths are left to
 * the server's own listeners, and refused when there are none: with 404 and the paths that are served, or 426 where a WebSocket is. Returns
 * a function that detaches it; links that are open go on. Throws `invalid_option`.
 */
export function attachWebSocket(
  hub: LinkAcceptor,
  server: HttpServer,
  options: WebSocketServerOptions = {},
): () => void {
  checkOptions("attachWebSocket", options, RULES);
  const path = options.path ?? "/bellwire";
  const allowedOrigins = options.allowedOrigins ?? [];
  // The types of the library do not know its `closeTimeout` yet.
  const settings: ServerOptions & { readonly closeTimeout: number } = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: hub.maxMessageBytes,
    closeTimeout: CLOSE_TIMEOUT,
  };
  const webSockets = new WebSocketServer(settings);
  const encode = encodeOnce((batch: readonly ServerMessage[]) => textFrames(batch.map(encodeServerMessage)));
  const refused = (cause: CloseCause): void => hub.refused(cause, "ws");

  const take: UpgradeTaker["take"] = (request, socket, head) => {
    const headers = singleHeaders(request);
    const origin = judgeOrigin(headers, allowedOrigins, isSecure(request));
    if (!origin.allowed) {
      refused(origin.cause);
      return refuseUpgrade(socket, 403, origin.cause);
    }
    const refusal = hub.refusal();
    if (refusal) return refuseUpgrade(socket, 503, refusal);
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
  const released = [
    servePath(server, path, "upgrades"),
    takeUpgrades(server, { takes: (_, asked) => asked === path, take, refused }),
    // Nothing but upgrades: what nobody listens to would wait for an answer for ever.
    takeRequests(server, { takes: () => false, take: () => {}, refused }),
  ];
  return () => {
    for (const release of released) release();
  };
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
    // Both have said goodbye, and our side is written: a peer that keeps its own side open has left all the same.
    socket.once("finish", () => webSocket.terminate());
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
    if (cause.code === "slow_consumer" || number === 1006) return this.#webSocket.terminate();
    this.#webSocket.close(number, reason);
    // A peer that showed no sign of life does not answer a close frame either, and may still read ours.
    if (cause.code === "timeout") this.#socket.end();
  }
}
