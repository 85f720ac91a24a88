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
 * or HTTPS server, on the namespace `/bellwire` and on the root. An application with a Socket.IO of
 * its own on that server gives this `io` instead. Requests for other paths go to the server's own
 * listeners; those that nobody listens to are answered 404. Returns a function that detaches it;
 * links that are open go on. Throws `invalid_option`.
 *
 * By long polling a link's requests must reach the process that holds it: behind a balancer, make
 * it sticky.
 */
export function attachSocketIo(
  hub: LinkAcceptor,
  server: HttpServer | SecureServer,
  options?: SocketIoServerOptions,
): () => void;
/**
 * Serves a hub on a namespace of an `io` that the application has, beside the application's own
 * namespaces. The `io` keeps its options: its path, CORS, compression, intervals, and how much it
 * reads before a message can be refused (`maxHttpBufferSize`). Attach it to its server first.
 * Returns a function that detaches the hub; links that are open go on. Throws `invalid_option`.
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
