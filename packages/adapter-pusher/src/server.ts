/**
 * The server half of the Pusher transport: a hub that speaks the Pusher Channels protocol and its
 * HTTP API. Stock pusher-js, Laravel Echo and every Pusher server library work with it, in this
 * process and without an account. For the hosted service see `@bellwire/adapter-pusher/hosted`.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { closeFrame, type LinkAcceptor, textFrames } from "@bellwire/core/adapter";
import {
  Admission,
  type EncodeBatch,
  factsOf,
  type HttpServer,
  handshakeOf,
  listenToWebSocket,
  mountRequests,
  mountUpgrades,
  type RequestFacts,
  webSocketOptions,
} from "@bellwire/core/http";
import { WebSocketServer } from "ws";
import { HttpApi, type Publisher } from "./api/http-api.ts";
import { CLOSE } from "./connection/close-number.ts";
import { errorText } from "./connection/event-text.ts";
import { PusherEnd } from "./connection/pusher-end.ts";
import { judgeTarget, type Rejection, readsCloses } from "./connection/target.ts";
import { NATIVE_OVERHEAD, NATIVE_PATH } from "./native/native-event.ts";
import { batchEncoder, NativeLink } from "./native/server-link.ts";
import { type PusherServerOptions, serverSettings } from "./options.ts";
import { createHost, type PusherHost } from "./stock/host.ts";
import { StockLink } from "./stock/server-link.ts";

export type { PusherServerOptions, PusherWebhook } from "./options.ts";
export type { PusherApp } from "./protocol/app.ts";

// ── Attaching ──

/**
 * The part of a hub that is served. Without `publish`, which every hub of `createHub` has, there is
 * no HTTP API.
 */
export type PusherHub = LinkAcceptor & Partial<Publisher>;

/**
 * Serves a hub in the Pusher Channels protocol on a Node HTTP or HTTPS server, beside everything
 * else that the server serves: connections on `/app/KEY`, the HTTP API on `/apps/ID/`. Other paths
 * are left to the server's own listeners, and refused with 404 when there are none. Returns a
 * function that detaches it; open links stay open. Throws `invalid_option`.
 *
 * Channels are topics of the hub's contract. Private and presence channels need the signature that
 * the application's server makes with the app's secret; it replaces the hub's `authorize`, which is
 * asked for public ones. `authenticate` is called without a token.
 *
 * `hub.revoke` knows a stock client by what `authenticate` returns for its headers (a cookie), else
 * by the user who signed in; and each of its private and presence channels by the `user_id` in the
 * signed `channel_data`. A channel without any of these is cut with every `revoke` that may mean
 * it, and has to be authorized again.
 */
export function attachPusher(hub: PusherHub, server: HttpServer, options: PusherServerOptions): () => void {
  const settings = serverSettings(options);
  const { app, path, allowedOrigins, subscriptionCount } = settings;
  const host = createHost(settings);
  const admission = new Admission(hub, "pusher", allowedOrigins);
  const { refused } = admission;
  const stock = `${path}/app/`;
  const native = `${path}${NATIVE_PATH}/app/`;
  const links = new Links(hub, admission, host);
  const releases = [
    mountUpgrades(server, [stock, native], {
      below: true,
      take: (request, socket, head, prefix) =>
        links.take(request, socket, head, { prefix, isNative: prefix === native }),
      refused,
    }),
  ];
  if (publishes(hub)) {
    const api = new HttpApi(hub, { app, channels: host.channels, subscriptionCount });
    const take = (...request: Parameters<HttpApi["handle"]>): void => void api.handle(...request);
    releases.push(mountRequests(server, `${path}/apps/${app.id}/`, { below: true, take, refused }));
  }
  return () => {
    for (const release of releases) release();
  };
}

function publishes(hub: PusherHub): hub is LinkAcceptor & Publisher {
  return hub.publish !== undefined;
}

// ── Links ──

/** The path that an upgrade came to. The app's key and the query follow it. */
interface Mount {
  readonly prefix: string;
  /** Whether it is for Bellwire's own client. */
  readonly isNative: boolean;
}

class Links {
  readonly #hub: LinkAcceptor;
  readonly #admission: Admission;
  readonly #host: PusherHost;
  readonly #webSockets: WebSocketServer;
  readonly #encode: EncodeBatch = batchEncoder();

  constructor(hub: LinkAcceptor, admission: Admission, host: PusherHost) {
    this.#hub = hub;
    this.#admission = admission;
    this.#host = host;
    this.#webSockets = new WebSocketServer(webSocketOptions(hub.maxMessageBytes + NATIVE_OVERHEAD));
  }

  /**
   * Answers one upgrade: with a link, or with a close whose number tells the client what to do. A
   * client whose upgrade was refused would wait for 15 seconds, then longer, without end.
   */
  take(request: IncomingMessage, socket: Duplex, head: Buffer, { prefix, isNative }: Mount): void {
    const facts = factsOf(request);
    const target = (request.url ?? "").slice(prefix.length);
    const rejection = this.#judge(facts, target);
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const end = new PusherEnd(webSocket, socket);
      if (rejection) {
        webSocket.on("error", () => {});
        return reject(end, rejection, readsCloses(target));
      }
      const link = isNative ? new NativeLink(end, this.#encode) : new StockLink(this.#host, end);
      listenToWebSocket(webSocket, link);
      link.open(this.#hub, handshakeOf("pusher", facts), this.#host.activityTimeout);
    });
  }

  #judge(facts: RequestFacts, target: string): Rejection | undefined {
    // A close frame has room for 123 bytes; the hub is notified of the whole reason.
    if (this.#admission.judge(facts, false).refused)
      return { number: CLOSE.unauthorized, reason: "Origin not allowed: name it in allowedOrigins" };
    const rejection = judgeTarget(this.#host.app, target);
    if (rejection) {
      const { number, reason } = rejection;
      const code = number === CLOSE.unknownApp ? "forbidden" : "unsupported_protocol";
      this.#admission.refused({ code, reason });
      return rejection;
    }
    const refusal = this.#admission.refusal();
    return refusal && { number: CLOSE.overCapacity, reason: closeFrame(refusal).reason };
  }
}

function reject(end: PusherEnd, { number, reason }: Rejection, readsNumber: boolean): void {
  const cause = { code: "unauthorized", message: reason, number } as const;
  if (!readsNumber) end.write(textFrames([errorText(cause)]));
  end.close(cause, number, reason);
}
