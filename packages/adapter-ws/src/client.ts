/**
 * The client half of the WebSocket transport: one message is one text frame. It needs nothing but
 * the platform's WebSocket.
 */
import { type Capabilities, type Transport } from "@bellwire/core";
import { callable, checkOptions, type OptionRules } from "@bellwire/core/adapter";
import { WebSocketClass } from "#websocket";
import { clientLink } from "./native/client-link.ts";

// ── Capabilities ──

/** The capabilities of the WebSocket transport. */
export const WS_CAPABILITIES = {
  history: "emulated",
  paging: "emulated",
  order: "native",
  acknowledgement: "emulated",
  clientPublish: "native",
  presence: "emulated",
  binary: "none",
  maxMessageBytes: 65_536,
} as const satisfies Capabilities;

// ── Options ──

/** Options of {@link webSocketTransport}. */
export interface WebSocketTransportOptions {
  /** `ws:` or `wss:`, with the path of the server half: `wss://example.com/bellwire`. */
  readonly url: string;
  /**
   * The WebSocket class. Default: the platform's own in browsers, Bun and Deno, and that of `ws` in
   * Node. Only the latter reports why a server refused: its links close with the reason in the
   * response, `HTTP 404: …`.
   */
  readonly WebSocket?: typeof WebSocket;
}

const RULES: OptionRules = {
  url: {
    allowed: "a ws: or wss: URL without a fragment",
    test: (value) => typeof value === "string" && /^wss?:\/\/[^\s/?#][^\s#]*$/i.test(value),
  },
  WebSocket: callable,
};

// ── Transport ──

/**
 * Makes links over WebSocket. A link fails with the code of the close frame, and with `link_lost`
 * when no connection was made or the close frame has no number of Bellwire's. Throws
 * `invalid_option`.
 */
export function webSocketTransport(options: WebSocketTransportOptions): Transport<typeof WS_CAPABILITIES> {
  checkOptions("webSocketTransport", options, RULES, ["url"]);
  const { url, WebSocket = WebSocketClass } = options;
  return {
    name: "ws",
    capabilities: WS_CAPABILITIES,
    connect: (observer) => clientLink(WebSocket, url, observer),
  };
}
