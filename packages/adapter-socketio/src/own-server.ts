/**
 * A Socket.IO server for one hub, on a path of an HTTP server that serves other things beside it.
 */
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { Server as SecureServer } from "node:https";
import type { CloseCause } from "@bellwire/core";
import {
  isSecure,
  judgeOrigin,
  refusal as refusalReply,
  refuseUpgrade,
  reply,
  servePath,
  singleHeaders,
  takeRequests,
  takeUpgrades,
} from "@bellwire/core/http";
import { type LinkAcceptor } from "@bellwire/core/server";
import { Server, type Socket } from "socket.io";
import { type Carriers, carriersOf, type Engine, type Session } from "./carriers.ts";
import { engineRefusal, namespaceRefusal } from "./engine-refusals.ts";
import { type Door, serveNamespace } from "./namespace.ts";
import type { SocketIoServerOptions } from "./options.ts";
import { preflight, sessionIn } from "./requests.ts";
import { NAMESPACE } from "./wire.ts";

/**
 * Bytes around a message of the largest size: the types of two protocols, the event, an
 * acknowledgement's id.
 */
const FRAMING = 64;
/**
 * Joins of namespaces that a session may ask for; our client asks for one. Each costs an answer,
 * which nobody need read.
 */
const JOINS = 4;
/** How the packet of such a join begins, in Socket.IO's protocol. */
const CONNECT = "0";

/** Whether a request may go on, and what its answer tells the page that sent it. */
interface Judgement {
  readonly headers: Readonly<Record<string, string>>;
  readonly refused?: { readonly status: number; readonly cause: CloseCause };
}

/** Serves a hub. Returns a function that detaches it; links that are open go on. */
export function serveOwn(
  hub: LinkAcceptor,
  server: HttpServer | SecureServer,
  { path, allowedOrigins }: Required<SocketIoServerOptions>,
): () => void {
  const io = serverFor(hub, server);
  const { engine } = io;
  const carriers = carriersOf(engine);
  const admitted = admissions(engine, carriers);
  let attached = true;
  let closing = false;
  const refusal = (): CloseCause | undefined => hub.refusal() ?? (closing ? { code: "draining" } : undefined);
  hub.onClose(() => {
    closing = true;
  });
  const told = (cause: CloseCause): void => hub.refused(cause, "socketio");
  const door: Door = {
    carriers,
    alone: true,
    links: new WeakMap(),
    // Its session's first request was judged for it.
    refusal: ({ conn }: Socket) => (admitted.delete(conn) ? undefined : refusal()),
  };
  // The root is nobody else's here, and where a stock client goes that names none.
  for (const name of ["/", NAMESPACE]) serveNamespace(hub, io.of(name), door);
  io.of((name, _, next) => {
    told(namespaceRefusal(name));
    next(null, false);
  });
  engine.on("connection_error", ({ code }: { readonly code: unknown }) => {
    const cause = engineRefusal(code);
    if (cause) told(cause);
  });

  const judge = (request: IncomingMessage): Judgement => {
    const origin = judgeOrigin(singleHeaders(request), allowedOrigins, isSecure(request));
    if (!origin.allowed) {
      told(origin.cause);
      return { headers: {}, refused: { status: 403, cause: origin.cause } };
    }
    const { headers } = origin;
    const isNew = request.method === "GET" && sessionIn(request) === undefined;
    const cause = isNew ? refusal() : undefined;
    return cause ? { headers, refused: { status: 503, cause } } : { headers };
  };
  const isOurs = (request: IncomingMessage, asked: string): boolean => {
    // Sessions that are open live by requests, also when no new one is taken.
    return (asked === path || asked === `${path}/`) && (attached || sessionIn(request) !== undefined);
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { headers, refused } = judge(request);
    const all = { vary: "origin", "cache-control": "no-store", ...headers };
    if (refused) {
      const { status, headers: own, body } = refusalReply(refused.cause, refused.status);
      return reply(request, response, { status, headers: { ...all, ...own }, body });
    }
    response.setHeaders(new Map(Object.entries(all)));
    if (request.method === "OPTIONS") response.writeHead(204, preflight(request)).end();
    else engine.handleRequest(request, response);
  };

  const hide = servePath(server, path, "requests");
  takeRequests(server, {
    takes: (request, asked) => isOurs(request as IncomingMessage, asked),
    take: (request, response) => answer(request as IncomingMessage, response as ServerResponse),
    refused: told,
  });
  takeUpgrades(server, {
    takes: isOurs,
    take(request, socket, head) {
      const { refused } = judge(request);
      if (refused) refuseUpgrade(socket, refused.status, refused.cause);
      else engine.handleUpgrade(request, socket, head);
    },
    refused: told,
  });
  return () => {
    attached = false;
    hide();
  };
}

/** A Socket.IO server that gets its requests by hand: it listens to a server that never listens. */
function serverFor(hub: LinkAcceptor, server: HttpServer | SecureServer): Server {
  const io = new Server({
    serveClient: false,
    cookie: false,
    transports: ["websocket", "polling"],
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: hub.maxMessageBytes + FRAMING,
    // Together they find a dead peer in 35 s, as the hub does.
    pingInterval: 25_000,
    pingTimeout: 10_000,
    connectTimeout: 5_000,
  });
  const behind = createServer();
  io.attach(behind);
  server.on("listening", () => behind.emit("listening"));
  server.on("close", () => behind.emit("close"));
  return io;
}

/**
 * Sessions whose first socket may join without being judged again. One that asks for too many joins
 * is ended.
 */
function admissions(engine: Engine, carriers: Carriers): WeakSet<Session> {
  const admitted: WeakSet<Session> = new WeakSet();
  engine.on("connection", (session: Session) => {
    admitted.add(session);
    let joins = 0;
    session.on("packet", ({ data }: { readonly data?: unknown }) => {
      if (typeof data !== "string" || !data.startsWith(CONNECT)) return;
      joins += 1;
      if (joins > JOINS) carriers.terminate(session);
    });
  });
  return admitted;
}
