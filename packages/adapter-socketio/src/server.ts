/**
 * The server half of the Socket.IO transport, on `socket.io`: a server of the hub's own, or a
 * namespace of the application's.
 */
import type { Server as HttpServer } from "node:http";
import type { Server as SecureServer } from "node:https";
import { BellwireError } from "@bellwire/core";
import { Admission } from "@bellwire/core/http";
import { type LinkAcceptor } from "@bellwire/core/server";
import type { Server } from "socket.io";
import { carriersOf } from "./connection/carriers.ts";
import { serveNamespace } from "./connection/namespace.ts";
import { serveOwn } from "./connection/own-server.ts";
import {
  namespaceSettings,
  type SocketIoNamespaceOptions,
  type SocketIoServerOptions,
  serverSettings,
} from "./options.ts";

export type { SocketIoNamespaceOptions, SocketIoServerOptions } from "./options.ts";

// ── Attaching ──

/**
 * Serves a hub over Socket.IO, to Bellwire's own client and to stock ones, on one path of an HTTP
 * or HTTPS server, on the namespace `/bellwire` and on the root. An application that already runs
 * Socket.IO on that server passes its `io` instead. Requests for other paths go to the server's own
 * listeners, and get 404 when there is none. Returns a function that detaches the hub; open links
 * go on. Throws `invalid_option`.
 *
 * With long polling, all requests of a link must reach the process that holds it: a load balancer
 * must be sticky.
 */
export function attachSocketIo(
  hub: LinkAcceptor,
  server: HttpServer | SecureServer,
  options?: SocketIoServerOptions,
): () => void;
/**
 * Serves a hub on a namespace of the application's `io`, beside the application's own namespaces.
 * The `io` keeps its options: path, CORS, compression, intervals, and the bytes that it reads
 * before a message can be refused (`maxHttpBufferSize`). Attach it to its server first. Returns a
 * function that detaches the hub; open links go on. Throws `invalid_option`.
 */
export function attachSocketIo(hub: LinkAcceptor, io: Server, options?: SocketIoNamespaceOptions): () => void;
export function attachSocketIo(
  hub: LinkAcceptor,
  target: HttpServer | SecureServer | Server,
  options: SocketIoServerOptions & SocketIoNamespaceOptions = {},
): () => void {
  if (!("of" in target)) return serveOwn(hub, target, serverSettings(options));
  const { namespace, allowedOrigins } = namespaceSettings(options);
  const engine = target.engine as Server["engine"] | undefined;
  if (!engine) throw new BellwireError("invalid_option", "attachSocketIo: must be given an io with a server");
  const admission = new Admission(hub, "socketio", allowedOrigins);
  return serveNamespace(hub, target.of(namespace), {
    carriers: carriersOf(engine),
    alone: false,
    links: new WeakMap(),
    refusal({ handshake: { secure } }, headers) {
      const { refused } = admission.judge({ headers, remoteAddress: undefined, secure }, true);
      return refused?.cause;
    },
  });
}
