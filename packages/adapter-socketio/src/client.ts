/**
 * The client half of the Socket.IO wire, on `socket.io-client`: one fresh connection per link, its
 * own reconnection off.
 */
import { type Capabilities, type CloseCause, type Transport } from "@bellwire/core";
import {
  type ClientMessage,
  callable,
  checkOptions,
  encodeClientMessage,
  flag,
  type Link,
  type LinkObserver,
  type OptionRules,
  readServerMessage,
  type ServerMessage,
} from "@bellwire/core/adapter";
import { Manager, type Socket } from "socket.io-client";
import { expectAnswers } from "./answers.ts";
import { connectCause, disconnectCause, MALFORMED } from "./causes.ts";
import { guardHandshake, guardPackets } from "./guard.ts";
import { AUTH, eventPacket, MESSAGES, NAMESPACE, PATH } from "./wire.ts";

/** The capabilities of Socket.IO. */
export const SOCKETIO_CAPABILITIES = {
  history: "emulated",
  // Also while long polling is upgraded to a WebSocket: the library stops polling before it says
  // so.
  order: "native",
  acknowledgement: "emulated",
  clientPublish: "native",
  presence: "emulated",
  // Attachments are off: what is bytes here would be something else on another wire.
  binary: "none",
  maxMessageBytes: 65_536,
} as const satisfies Capabilities;

/** A way of Socket.IO to move packets. */
export type SocketIoCarrier = "websocket" | "polling";

/** Options of {@link socketIoTransport}. */
export interface SocketIoTransportOptions {
  /**
   * `http:`, `https:`, `ws:` or `wss:`; in a browser it may be relative to the page. As everywhere
   * in Socket.IO, its path is the namespace; without one it is `/bellwire`, where a hub is by
   * default, on a server of its own and on an `io` that it was given.
   */
  readonly url: string | URL;
  /** The path of the HTTP requests. Default: `/socket.io`. */
  readonly path?: string;
  /**
   * In the order in which they are tried. Default: `["websocket", "polling"]`: a WebSocket takes
   * one round trip and needs no sticky balancer, and where it is refused long polling takes over.
   * With `["polling", "websocket"]` a link begins by polling and is upgraded, which also gets
   * through where WebSockets are swallowed without an answer.
   */
  readonly transports?: readonly [SocketIoCarrier, ...SocketIoCarrier[]];
  /**
   * Headers to send along, asked for once per link. A browser sends them with long polling only.
   * The channel's token needs none: it travels in the first message.
   */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Whether long polling sends cookies to another origin. Default: false. */
  readonly withCredentials?: boolean;
}

/**
 * Makes links over Socket.IO. Throws `invalid_option`. A link fails with the code that the hub
 * refused it with; where only an HTTP status is known, with `unauthorized` (401), `forbidden`
 * (403), `too_large` (413), `rate_limited` (429) or `overloaded` (503, with `Retry-After`); and
 * with `link_lost` in any other case. Browsers tell no status of a refused WebSocket.
 */
export function socketIoTransport(
  options: SocketIoTransportOptions,
): Transport<typeof SOCKETIO_CAPABILITIES> {
  checkOptions("socketIoTransport", options, RULES, ["url"]);
  const { origin, namespace } = placeOf(options.url) ?? { origin: "", namespace: NAMESPACE };
  return {
    name: "socketio",
    capabilities: SOCKETIO_CAPABILITIES,
    connect: (observer) => new SocketIoLink(origin, namespace, options, observer),
  };
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

/** Where a URL leads: to a namespace of a server. Undefined when it cannot be one. */
function placeOf(url: unknown): { readonly origin: string; readonly namespace: string } | undefined {
  if (typeof url !== "string" && !(url instanceof URL)) return undefined;
  // A page is where relative URLs start; other runtimes have none.
  const base = (globalThis as { location?: { href?: string } }).location?.href;
  if (!URL.canParse(url, base)) return undefined;
  const { protocol, host, search, hash, pathname } = new URL(url, base);
  if (!/^(http|ws)s?:$/.test(protocol) || hash !== "" || pathname.includes(",")) return undefined;
  return { origin: `${protocol}//${host}/${search}`, namespace: pathname === "/" ? NAMESPACE : pathname };
}

class SocketIoLink implements Link<ClientMessage> {
  readonly #options: SocketIoTransportOptions;
  readonly #observer: LinkObserver<ServerMessage>;
  readonly #namespace: string;
  #manager: Manager | undefined;
  #socket: Socket | undefined;
  #stopExpecting: () => void = () => {};
  #opened = false;
  #closed = false;

  constructor(
    origin: string,
    namespace: string,
    options: SocketIoTransportOptions,
    observer: LinkObserver<ServerMessage>,
  ) {
    this.#options = options;
    this.#observer = observer;
    this.#namespace = namespace;
    void this.#run(origin);
  }

  /** Approximate: what the platform's WebSocket or request holds cannot be seen from here. */
  get buffered(): number {
    const packets = this.#manager?.engine?.writeBuffer ?? [];
    return packets.reduce((sum, { data }) => sum + (typeof data === "string" ? data.length : 0), 0);
  }

  send(batch: readonly ClientMessage[]): void {
    if (this.#closed || !this.#socket?.connected) return;
    try {
      for (const message of batch) {
        // One packet each, for the hub's limit is on the message.
        const packet = eventPacket(this.#namespace, MESSAGES, [encodeClientMessage(message)]);
        this.#manager?.engine.send(packet, { compress: false });
      }
    } catch {
      this.close({ code: "invalid_data", reason: "not JSON" });
    }
  }

  close(cause: CloseCause): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopExpecting();
    this.#socket?.off();
    // Only who leaves for good says so: to the hub a member that will be back is still present.
    if (cause.code === "normal") this.#socket?.disconnect();
    else this.#manager?.engine?.close();
    queueMicrotask(() => this.#observer.close(cause));
  }

  async #run(origin: string): Promise<void> {
    try {
      const headers = this.#options.headers && (await this.#options.headers());
      if (!this.#closed) this.#connect(origin, headers);
    } catch {
      this.close({ code: "link_lost", reason: "no connection" });
    }
  }

  #connect(origin: string, headers: Readonly<Record<string, string>> | undefined): void {
    const { path = PATH, transports = ["websocket", "polling"], withCredentials = false } = this.#options;
    const manager = new Manager(origin, {
      path,
      transports: [...transports],
      tryAllTransports: true,
      // Every retry is the channel's.
      reconnection: false,
      autoConnect: false,
      withCredentials,
      ...(headers && { extraHeaders: { ...headers } }),
    });
    // An attempt is given up by the channel.
    manager.timeout(false);
    const harmful = (): void => this.close(MALFORMED);
    guardPackets(manager, harmful);
    const socket = manager.socket(this.#namespace, { auth: AUTH });
    this.#manager = manager;
    this.#socket = socket;
    socket.once("connect", () => {
      this.#opened = true;
      this.#observer.open();
    });
    socket.on(MESSAGES, (...messages: readonly unknown[]) => {
      for (const message of messages) this.#message(message);
    });
    socket.on("connect_error", (error) => this.close(connectCause(error, this.#namespace)));
    socket.on("disconnect", (reason, details) => this.close(disconnectCause(reason, details)));
    socket.connect();
    guardHandshake(manager, harmful);
    // The library waits on when a connection ends that has not said anything yet.
    manager.engine.on("close", (reason, details) => {
      // So it closes what was refused, and then says why.
      if (reason !== "forced close") this.close(disconnectCause(reason, details));
    });
  }

  #expectAnswers(idleTimeout: number): void {
    const dead = (): void => this.close({ code: "timeout", reason: "what was posted was not answered" });
    this.#stopExpecting();
    if (this.#manager) this.#stopExpecting = expectAnswers(this.#manager, idleTimeout, dead);
  }

  #message(value: unknown): void {
    if (this.#closed) return;
    // Before the connection: the library keeps such events, and hands them over first.
    if (!this.#opened) return this.close(MALFORMED);
    const decoded = readServerMessage(value);
    if (!decoded.ok) return this.#observer.malformed(decoded.reason);
    const { message } = decoded;
    if (message.type === "welcome") this.#expectAnswers(message.idleTimeout);
    if (message.type !== "bye") return this.#observer.message(message);
    this.close({ code: message.code, reason: message.reason, retryAfter: message.retryAfter });
  }
}
