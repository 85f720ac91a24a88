/**
 * The client half of the Socket.IO transport, on `socket.io-client`: one fresh connection for each
 * link, with the library's reconnection off.
 */
import { type Capabilities, type Transport } from "@bellwire/core";
import { callable, checkOptions, flag, type OptionRules, pageUrl } from "@bellwire/core/adapter";
import { NAMESPACE, PATH } from "./connection/encoding.ts";
import { SocketIoClientLink } from "./native/client-link.ts";

// ── Capabilities ──

/** The capabilities of Socket.IO. */
export const SOCKETIO_CAPABILITIES = {
  history: "emulated",
  paging: "emulated",
  // This also holds while long polling is upgraded: the library stops polling before it reports the
  // upgrade.
  order: "native",
  acknowledgement: "emulated",
  clientPublish: "native",
  presence: "emulated",
  // Attachments are off, because other transports would deliver such bytes in another form.
  binary: "none",
  maxMessageBytes: 65_536,
} as const satisfies Capabilities;

// ── Options ──

/** A way in which Socket.IO moves packets. */
export type SocketIoCarrier = "websocket" | "polling";

/** Options of {@link socketIoTransport}. */
export interface SocketIoTransportOptions {
  /**
   * `http:`, `https:`, `ws:` or `wss:`; in a browser it may be relative to the page. As everywhere
   * in Socket.IO, its path is the namespace. A URL without a path means `/bellwire`, the default
   * namespace of a hub on a server of its own and on an `io` of the application.
   */
  readonly url: string | URL;
  /** The path of the HTTP requests. Default: `/socket.io`. */
  readonly path?: string;
  /**
   * The carriers, in the order in which they are tried. Default: `["websocket", "polling"]`: a
   * WebSocket takes one round trip and needs no sticky balancer, and long polling takes over where
   * it is refused. With `["polling", "websocket"]` a link begins by polling and is upgraded, which
   * also works where a proxy drops WebSockets without an answer.
   */
  readonly transports?: readonly [SocketIoCarrier, ...SocketIoCarrier[]];
  /**
   * Returns additional request headers; called once per link. A browser sends them with long
   * polling only. The channel's token needs no header: it travels in the first message.
   */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Whether long polling sends cookies to another origin. Default: false. */
  readonly withCredentials?: boolean;
}

const CARRIERS: readonly unknown[] = ["websocket", "polling"] satisfies SocketIoCarrier[];

const RULES: OptionRules = {
  url: {
    allowed: "an http:, https:, ws: or wss: URL without a fragment and without a comma in its path",
    test: (value) => placeOf(value) !== undefined,
  },
  path: {
    allowed: `a path such as "${PATH}", without a query`,
    test: (value) => typeof value === "string" && /^\/[^?#\s]*$/.test(value),
  },
  transports: {
    allowed: `"websocket", "polling" or both, in an array`,
    test: (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      new Set(value).size === value.length &&
      value.every((name) => CARRIERS.includes(name)),
  },
  headers: callable,
  withCredentials: flag,
};

// ── Transport ──

/**
 * Makes links over Socket.IO. Throws `invalid_option`. A link that the hub refuses closes with the
 * hub's code. Where only an HTTP status is known, the code is `unauthorized` (401), `forbidden`
 * (403), `too_large` (413), `rate_limited` (429) or `overloaded` (503, with `Retry-After`). In any
 * other case it is `link_lost`. Browsers do not report the status of a refused WebSocket.
 */
export function socketIoTransport(
  options: SocketIoTransportOptions,
): Transport<typeof SOCKETIO_CAPABILITIES> {
  checkOptions("socketIoTransport", options, RULES, ["url"]);
  const { origin, namespace } = placeOf(options.url) ?? { origin: "", namespace: NAMESPACE };
  return {
    name: "socketio",
    capabilities: SOCKETIO_CAPABILITIES,
    connect: (observer) => new SocketIoClientLink({ ...options, origin, namespace }, observer),
  };
}

/** The server and the namespace that a URL names; undefined when it names none. */
function placeOf(url: unknown): { readonly origin: string; readonly namespace: string } | undefined {
  const target = pageUrl(url);
  if (!target) return undefined;
  const { protocol, host, search, hash, pathname } = target;
  if (!/^(http|ws)s?:$/.test(protocol) || hash !== "" || pathname.includes(",")) return undefined;
  return { origin: `${protocol}//${host}/${search}`, namespace: pathname === "/" ? NAMESPACE : pathname };
}
