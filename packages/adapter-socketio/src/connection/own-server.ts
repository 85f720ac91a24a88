/** A Socket.IO server for one hub, on one path of an HTTP server that the application also uses. */
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { Server as SecureServer } from "node:https";
import {
  Admission,
  type Admitted,
  answerHeaders,
  factsOf,
  preflightHeaders,
  queryOf,
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
import type { SocketIoServerSettings } from "../options.ts";
import { type Carriers, carriersOf, type Engine, type Session } from "./carriers.ts";
import { NAMESPACE } from "./encoding.ts";
import { engineRefusal, namespaceRefusal } from "./engine-refusals.ts";
import { type NamespaceRules, serveNamespace } from "./namespace.ts";

/**
 * Bytes that frame a message: the packet types of two protocols, the event's name, and an
 * acknowledgement's id.
 */
const FRAMING = 64;
/**
 * Joins of namespaces that a session may request; Bellwire's client requests one. Each join costs
 * an answer, which the peer may leave unread in the server's memory.
 */
const JOINS = 4;
/** The packet type of a join in Socket.IO's protocol. */
const CONNECT = "0";

/** Serves a hub. Returns a function that detaches it; open links go on. */
export function serveOwn(
  hub: LinkAcceptor,
  server: HttpServer | SecureServer,
  { path, allowedOrigins }: SocketIoServerSettings,
): () => void {
  const io = serverFor(hub, server);
  const { engine } = io;
  const carriers = carriersOf(engine);
  const admitted = admissions(engine, carriers);
  const admission = new Admission(hub, "socketio", allowedOrigins);
  let attached = true;
  const rules: NamespaceRules = {
    carriers,
    alone: true,
    links: new WeakMap(),
    // The session's first request was judged already, and its first socket needs no second
    // judgement.
    refusal: ({ conn }: Socket) => (admitted.delete(conn) ? undefined : admission.refusal()),
  };
  // This server has no other use for the root, and stock clients join it unless they name another.
  for (const name of ["/", NAMESPACE]) serveNamespace(hub, io.of(name), rules);
  io.of((name, _, next) => {
    admission.refused(namespaceRefusal(name));
    next(null, false);
  });
  engine.on("connection_error", ({ code }: { readonly code: unknown }) => {
    const cause = engineRefusal(code);
    if (cause) admission.refused(cause);
  });

  const judge = (request: IncomingMessage): Admitted =>
    admission.judge(factsOf(request), request.method === "GET" && sessionIn(request) === undefined);
  const isOurs = (request: IncomingMessage, asked: string): boolean => {
    // Open sessions need their requests even when the hub takes no new session.
    return (asked === path || asked === `${path}/`) && (attached || sessionIn(request) !== undefined);
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const { headers, refused } = judge(request);
    const all = answerHeaders(headers);
    if (refused) {
      const { status, headers: own, body } = refusalReply(refused.cause, refused.status);
      return reply(request, response, { status, headers: { ...all, ...own }, body });
    }
    response.setHeaders(new Map(Object.entries(all)));
    if (request.method === "OPTIONS")
      response.writeHead(204, preflightHeaders(singleHeaders(request), "GET, POST")).end();
    else engine.handleRequest(request, response);
  };

  const hide = servePath(server, path, "requests");
  takeRequests(server, {
    takes: (request, asked) => isOurs(request as IncomingMessage, asked),
    take: (request, response) => answer(request as IncomingMessage, response as ServerResponse),
    refused: admission.refused,
  });
  takeUpgrades(server, {
    takes: isOurs,
    take(request, socket, head) {
      const { refused } = judge(request);
      if (refused) refuseUpgrade(socket, refused.status, refused.cause);
      else engine.handleUpgrade(request, socket, head);
    },
    refused: admission.refused,
  });
  return () => {
    attached = false;
    hide();
  };
}

/** The session that a request belongs to; undefined when it asks for a new one. */
function sessionIn(request: IncomingMessage): string | undefined {
  return queryOf(request).get("sid") || undefined;
}

/**
 * A Socket.IO server whose requests the caller passes to its engine: it is attached to an HTTP
 * server that never listens.
 */
function serverFor(hub: LinkAcceptor, server: HttpServer | SecureServer): Server {
  const io = new Server({
    serveClient: false,
    cookie: false,
    transports: ["websocket", "polling"],
    perMessageDeflate: false,
    httpCompression: false,
    maxHttpBufferSize: hub.maxMessageBytes + FRAMING,
    // The two detect a dead peer after 35 s, as the hub does.
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
 * The sessions whose first socket may join without a second judgement. Ends sessions that request
 * too many joins.
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
