/**
 * The server half of the WebSocket transport, on `ws`. All its links are native: any WebSocket
 * client speaks the messages of PROTOCOL.md itself, so there is no translation for stock clients.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type LinkAcceptor } from "@bellwire/core/adapter";
import {
  Admission,
  type EncodeBatch,
  factsOf,
  type HttpServer,
  handshakeOf,
  listenToWebSocket,
  mountUpgrades,
  refuseUpgrade,
  WebSocketEnd,
  webSocketOptions,
} from "@bellwire/core/http";
import { WebSocketServer } from "ws";
import { batchEncoder, NativeLink } from "./native/server-link.ts";
import { serverSettings, type WebSocketServerOptions } from "./options.ts";

export type { WebSocketServerOptions } from "./options.ts";

// ── Attaching ──

/**
 * Serves a hub over WebSocket on one path of a Node server, beside everything else that the server
 * serves. Other requests and upgrades are left to the server's own listeners. Without a listener
 * they are refused: with 426 on this path, with 404 and the paths that are served on any other.
 * Returns a function that detaches it; open links stay open. Throws `invalid_option`.
 */
export function attachWebSocket(
  hub: LinkAcceptor,
  server: HttpServer,
  options: WebSocketServerOptions = {},
): () => void {
  const { path, allowedOrigins } = serverSettings(options);
  const admission = new Admission(hub, "ws", allowedOrigins);
  const links = new Links(hub, admission);
  return mountUpgrades(server, [path], {
    take: (request, socket, head) => links.take(request, socket, head),
    refused: admission.refused,
  });
}

// ── Links ──

class Links {
  readonly #hub: LinkAcceptor;
  readonly #admission: Admission;
  readonly #webSockets: WebSocketServer;
  readonly #encode: EncodeBatch = batchEncoder();

  constructor(hub: LinkAcceptor, admission: Admission) {
    this.#hub = hub;
    this.#admission = admission;
    this.#webSockets = new WebSocketServer(webSocketOptions(hub.maxMessageBytes));
  }

  /** Answers one upgrade: with a link, or with a refusal. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const facts = factsOf(request);
    const { refused } = this.#admission.judge(facts, true);
    if (refused) return refuseUpgrade(socket, refused.status, refused.cause);
    this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      const link = new NativeLink(new WebSocketEnd(webSocket, socket), this.#encode);
      listenToWebSocket(webSocket, link);
      link.open(this.#hub, handshakeOf("ws", facts));
    });
  }
}
