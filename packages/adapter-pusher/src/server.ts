/**
 * The Pusher Channels protocol and its HTTP API on a hub: stock pusher-js, Laravel Echo and every Pusher server library work with
 * it, in this process and without an account. WebSockets are from `ws`; what goes to clients is framed here.
 */
import type { IncomingMessage } from "node:http";
import { type CloseCause } from "@bellwire/core";
import { closeCause, closeFrame, encodeOnce } from "@bellwire/core/adapter";
import {
  type HttpServer,
  isSecure,
  judgeOrigin,
  servePath,
  singleHeaders,
  takeUpgrades,
  type UpgradeTaker,
} from "@bellwire/core/http";
import { type LinkAcceptor } from "@bellwire/core/server";
import { WebSocketServer } from "ws";
import { HttpApi, type Publisher } from "./api/http-api.ts";
import { CLOSE } from "./connection/close-number.ts";
import { errorText } from "./connection/event-text.ts";
import { CLOSING, WireEnd } from "./connection/pusher-end.ts";
import { judgeAdmission, type Rejection, readsCloses } from "./connection/target.ts";
import { NATIVE_OVERHEAD, NATIVE_PATH } from "./native/native-event.ts";
import { NativeLink, nativeFrames } from "./native/server-link.ts";
import { type PusherServerOptions, pusherSettings } from "./options.ts";
import { Channels } from "./stock/channels.ts";
import { FanOut } from "./stock/fan-out.ts";
import type { EmulatorHost } from "./stock/host.ts";
import { MemberIds } from "./stock/member-id.ts";
import { Senders } from "./stock/senders.ts";
import { PusherLink } from "./stock/server-link.ts";
import { SubscriptionCounts } from "./stock/subscription-counts.ts";
import { Webhooks } from "./stock/webhooks.ts";
import { takeBelow } from "./take-requests.ts";

export type { PusherServerOptions, PusherWebhook } from "./options.ts";
export type { PusherApp } from "./protocol/signature.ts";

/** What the emulator needs of a hub. Without `publish`, which every hub of `createHub` has, there is no HTTP API. */
export type PusherHub = LinkAcceptor & Partial<Publisher>;

/**
 * Serves a hub in the Pusher Channels protocol on a Node HTTP or HTTPS server, beside whatever else it serves: connections on
 * `/app/KEY`, the HTTP API on `/apps/ID/`. Other paths are left to other listeners, and refused with 404 when there are none. Returns
 * a function that detaches it; connections that are open go on. Throws `invalid_option`.
 *
 * Channels are topics of the hub's contract. Private and presence channels need the signature that the application's server makes
 * with the app's secret; it takes the place of the hub's `authorize`, which is asked for public ones. `authenticate` is asked without
 * a token.
 *
 * `hub.revoke` knows a stock client by what `authenticate` says of its headers (a cookie), else by the user who signed in; and each of
 * its private and presence channels by the `user_id` in the signed `channel_data`. A channel that nothing names is cut with every
 * `revoke` that may mean it, and has to be authorized again.
 */
export function attachPusher(hub: PusherHub, server: HttpServer, options: PusherServerOptions): () => void {
  const settings = pusherSettings(options);
  const { app, path } = settings;
  const webhooks = new Webhooks(app, settings.webhooks);
  const counts = new SubscriptionCounts(() => channels);
  const channels = new Channels((change) => {
    if (change.name === "channel_vacated") memberIds.vacated(change.channel);
    if (change.name !== "subscription_count") webhooks.changed(change);
    else if (settings.subscriptionCount) {
      counts.changed(change);
      webhooks.changed(change);
    }
  });
  const senders = new Senders();
  const memberIds = new MemberIds();
  const host: EmulatorHost = {
    app,
    clientEvents: settings.clientEvents,
    activityTimeout: Math.ceil(settings.activityTimeout / 1_000),
    channels,
    senders,
    memberIds,
    fanOut: new FanOut(senders, memberIds),
    clientEvent: (event) => webhooks.clientEvent(event),
    cacheMiss: (channel) => webhooks.cacheMiss(channel),
  };
  const encodeNative = encodeOnce(nativeFrames);
  const webSockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: hub.maxMessageBytes + NATIVE_OVERHEAD,
    ...CLOSING,
  });

  const refused = (cause: CloseCause): void => hub.refused(cause, "pusher");
  const judge = (request: IncomingMessage, target: string): Rejection | undefined => {
    const origin = judgeOrigin(singleHeaders(request), settings.allowedOrigins, isSecure(request));
    if (!origin.allowed) {
      refused(origin.cause);
      // A close frame has room for 123 bytes; the application's log has it all.
      return { number: CLOSE.unauthorized, reason: "Origin not allowed: name it in allowedOrigins" };
    }
    const rejection = judgeAdmission(app, target);
    if (rejection) {
      const { number, reason } = rejection;
      refused({ code: number === CLOSE.unknownApp ? "forbidden" : "unsupported_protocol", reason });
      return rejection;
    }
    const refusal = hub.refusal();
    return refusal && { number: CLOSE.overCapacity, reason: closeFrame(refusal).reason };
  };
  const stock = `${path}/app/`;
  const native = `${path}${NATIVE_PATH}/app/`;
  const prefixOf = (url = ""): string | undefined => [stock, native].find((start) => url.startsWith(start));
  const take: UpgradeTaker["take"] = (request, socket, head) => {
    const { url = "" } = request;
    const prefix = prefixOf(url) ?? stock;
    const target = url.slice(prefix.length);
    // A client that is refused the upgrade waits 15 seconds, then longer, for ever. The number of a close tells it what to do.
    const rejection = judge(request, target);
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const end = new WireEnd(webSocket, socket);
      // A close follows every error, with the number that says what it was.
      webSocket.on("error", () => {});
      if (rejection) {
        const { number, reason } = rejection;
        const farewell = { code: "unauthorized", message: reason, number } as const;
        return end.closeWith(number, reason, readsCloses(target) ? undefined : errorText(farewell));
      }
      const link = prefix === native ? new NativeLink(end, encodeNative) : new PusherLink(host, end);
      webSocket.on("message", (data: Buffer, isBinary) => {
        if (isBinary) link.malformed("binary");
        else link.receive(data.toString(), data.length);
      });
      webSocket.on("close", (code, reason) => link.ended(closeCause(code, reason.toString())));
      const { remoteAddress } = request.socket;
      const handshake = { transport: "pusher", headers: singleHeaders(request), remoteAddress };
      link.open(hub, handshake, host.activityTimeout);
    });
  };
  const serveApi = (publisher: Publisher): (() => void) => {
    const api = new HttpApi(publisher, { app, channels, subscriptionCount: settings.subscriptionCount });
    const answer = (...request: Parameters<HttpApi["handle"]>): void => void api.handle(...request);
    return takeBelow(server, `${path}/apps/${app.id}/`, answer, (...cause) => hub.refused(...cause));
  };
  const released = [
    servePath(server, stock, "upgrades"),
    servePath(server, native, "upgrades"),
    takeUpgrades(server, { takes: ({ url }) => prefixOf(url) !== undefined, take, refused }),
    ...(publishes(hub) ? [serveApi(hub)] : []),
  ];
  return () => {
    for (const release of released) release();
  };
}

function publishes(hub: PusherHub): hub is LinkAcceptor & Publisher {
  return hub.publish !== undefined;
}
