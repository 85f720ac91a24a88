/**
 * The TCP connections of Engine.IO's sessions. The library releases a connection only when its peer
 * agrees, or after 30 s; a peer that reads nothing must not keep its buffered data in memory for
 * that long.
 */
import type { IncomingMessage } from "node:http";
import type { Socket as TcpSocket } from "node:net";
import { queryOf } from "@bellwire/core/http";
import type { Server, Socket } from "socket.io";

/** An Engine.IO server. */
export type Engine = Server["engine"];
/** One session of an Engine.IO server. */
export type Session = Socket["conn"];

const known: WeakMap<Engine, Carriers> = new WeakMap();

/** The carriers of an engine's sessions, the same for every hub that is attached to it. */
export function carriersOf(engine: Engine): Carriers {
  const found = known.get(engine) ?? new Carriers(engine);
  known.set(engine, found);
  return found;
}

export class Carriers {
  readonly #byId: Map<string, Set<TcpSocket>> = new Map();
  readonly #bySession: WeakMap<Session, Set<TcpSocket>> = new WeakMap();

  constructor(engine: Engine) {
    engine.on("connection", (session: Session) => this.#begin(session));
    // The engine emits this just before it answers a poll or an upgrade.
    engine.on("headers", (_: unknown, request: IncomingMessage) => this.#answer(request));
  }

  /** Ends a session at once, whatever its peer does, and discards unwritten data. */
  terminate(session: Session): void {
    session.close(true);
    for (const socket of this.#bySession.get(session) ?? []) socket.destroy();
  }

  #begin(session: Session): void {
    const sockets = new Set<TcpSocket>();
    const { sid, name } = session.transport;
    this.#bySession.set(session, sockets);
    this.#byId.set(sid, sockets);
    session.once("close", () => this.#byId.delete(sid));
    if (name === "websocket") keep(sockets, session.request.socket, session.request.socket);
  }

  #answer(request: IncomingMessage): void {
    const query = queryOf(request);
    const sockets = this.#byId.get(query.get("sid") ?? "");
    if (!sockets || request.method !== "GET") return;
    // After an answer, the connection may belong to a proxy and carry another client's next
    // request.
    keep(sockets, request.socket, query.get("transport") === "websocket" ? request.socket : request);
  }
}

function keep(sockets: Set<TcpSocket>, socket: TcpSocket, until: TcpSocket | IncomingMessage): void {
  sockets.add(socket);
  until.once("close", () => sockets.delete(socket));
}
