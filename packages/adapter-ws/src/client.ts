/** The client half of the WebSocket wire: one message, one text frame. Needs nothing but the platform's WebSocket. */
import { type Capabilities, ERRORS, type ErrorFact, type Transport } from "@bellwire/core";
import {
  type ClientMessage,
  callable,
  checkOptions,
  closeCause,
  decodeServerMessage,
  encodeClientMessage,
  type Link,
  type LinkObserver,
  type ServerMessage,
} from "@bellwire/core/adapter";
import { WebSocketClass } from "#websocket";

/** What a WebSocket can do. */
export const WS_CAPABILITIES = {
  history: "emulated",
  order: "native",
  acknowledgement: "emulated",
  clientPublish: "native",
  presence: "emulated",
  binary: "none",
  maxMessageBytes: 65_536,
} as const satisfies Capabilities;

/** Options of {@link webSocketTransport}. */
export interface WebSocketTransportOptions {
  /** `ws:` or `wss:`, with the path the server half is attached to: `wss://example.com/bellwire`. */
  readonly url: string;
  /**
   * The WebSocket class. Default: the platform's own, and in Node 20, which has none, that of `ws`. Only the latter can say why a server
   * refused: its links close with the reason of the response, `HTTP 404: …`.
   */
  readonly WebSocket?: typeof WebSocket;
}

const url = {
  allowed: "a ws: or wss: URL without a fragment",
  test: (value: unknown) => typeof value === "string" && /^wss?:\/\/[^\s/?#][^\s#]*$/i.test(value),
};

/** A transport over WebSocket. Throws `invalid_option`. */
export function webSocketTransport(options: WebSocketTransportOptions): Transport<typeof WS_CAPABILITIES> {
  checkOptions("webSocketTransport", options, { url, WebSocket: callable }, ["url"]);
  const Class = options.WebSocket ?? WebSocketClass;
  return {
    name: "ws",
    capabilities: WS_CAPABILITIES,
    connect(observer) {
      try {
        return connect(new Class(options.url), observer);
      } catch {
        // A page that came by https may not open `ws:`.
        queueMicrotask(() => observer.close({ code: "link_lost" }));
        return { buffered: 0, send() {}, close() {} };
      }
    },
  };
}

function connect(socket: WebSocket, observer: LinkObserver<ServerMessage>): Link<ClientMessage> {
  socket.onopen = () => observer.open();
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    // Binary is no message of ours, and an empty text is none either.
    const decoded = decodeServerMessage(typeof data === "string" ? data : "");
    if (decoded.ok) observer.message(decoded.message);
    else observer.malformed(decoded.reason);
  };
  // A page is never told why; the hub's `onError` is.
  socket.onclose = ({ code, reason }) =>
    observer.close({ reason: reason || "see the server's log", ...closeCause(code, reason) });
  // A close always follows, and says more.
  socket.onerror = () => {};
  return {
    get buffered() {
      return socket.bufferedAmount;
    },
    send(batch) {
      for (const message of batch) socket.send(encodeClientMessage(message));
    },
    close({ code }) {
      // A page may close only with 1000 and its own numbers, from 3000 on; at 4000 the reason counts.
      const { close = 4000 }: ErrorFact = ERRORS[code];
      socket.close(close > 1000 && close < 3000 ? 4000 : close, code);
    },
  };
}
