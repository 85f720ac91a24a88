/** Admission to one namespace: decides which sockets join, and which link each becomes. */
import { BellwireError, type CloseCause } from "@bellwire/core";
import { singleHeaders } from "@bellwire/core/http";
import { type Handshake, type LinkAcceptor } from "@bellwire/core/server";
import type { Namespace, Socket } from "socket.io";
import { batchEncoder, NativeLink } from "../native/server-link.ts";
import { stockFailure } from "../stock/events.ts";
import { StockLink, type StockPackets } from "../stock/server-link.ts";
import type { Carriers, Session } from "./carriers.ts";
import { Connection } from "./connection.ts";
import { AUTH } from "./encoding.ts";

/** The rules of a namespace. */
export interface NamespaceRules {
  readonly carriers: Carriers;
  /**
   * Whether sessions of Engine.IO serve this namespace alone and end with their link. Sessions of
   * Bellwire's own client always do.
   */
  readonly alone: boolean;
  /**
   * The link of each session, shared by the hub's namespaces: a session may have one link on all of
   * them.
   */
  readonly links: WeakMap<Session, { readonly closed: boolean }>;
  /** The cause for which a socket may not join now; undefined when it may. */
  refusal(socket: Socket, headers: Handshake["headers"]): CloseCause | undefined;
}

type Next = (error?: Error) => void;
/** Admits sockets; undefined while no hub is attached. */
interface Place {
  join: ((socket: Socket, next: Next) => void) | undefined;
}

/**
 * The place of each namespace. Its listeners are added once and stay: Socket.IO cannot remove one
 * middleware without removing the application's.
 */
const places: WeakMap<Namespace, Place> = new WeakMap();
/** The next step once an admitted socket is connected. */
const joined: WeakMap<Socket, () => void> = new WeakMap();

/**
 * Serves a hub on a namespace. Returns a function that closes the namespace to new sockets; open
 * links go on. Throws `invalid_option` when another hub is there.
 */
export function serveNamespace(hub: LinkAcceptor, namespace: Namespace, rules: NamespaceRules): () => void {
  const place = placeOf(namespace);
  if (place.join) {
    throw new BellwireError("invalid_option", "attachSocketIo.namespace: must be one without another hub");
  }
  const { maxMessageBytes } = hub;
  const { links } = rules;
  const encode = batchEncoder(namespace.name);
  const packets: StockPackets = new WeakMap();
  const hindrance = (session: Session): CloseCause | undefined => {
    // A session that has already ended would never report its end.
    if (session.readyState !== "open") return GONE;
    // The library lets a session join again while it is joining, and then forgets the first socket.
    return links.get(session)?.closed === false ? TWICE : undefined;
  };

  place.join = (socket, next) => {
    const handshake: Handshake = {
      transport: "socketio",
      headers: singleHeaders(socket.request),
      remoteAddress: socket.handshake.address,
    };
    const refused = hindrance(socket.conn) ?? rules.refusal(socket, handshake.headers);
    if (refused) return next(failure(refused));
    const connection = (): Connection => new Connection(socket.conn, rules.carriers);
    if ((socket.handshake.auth as { readonly bellwire?: unknown }).bellwire === AUTH.bellwire) {
      links.set(socket.conn, { closed: false });
      joined.set(socket, () => {
        const link = new NativeLink(socket, connection(), maxMessageBytes, encode);
        links.set(socket.conn, link);
        link.open(hub, handshake);
      });
      return next();
    }
    const link = new StockLink(socket, connection(), maxMessageBytes, packets, rules.alone);
    links.set(socket.conn, link);
    joined.set(socket, () => {
      // The hub may have closed the link after it agreed.
      if (link.closed) socket.disconnect(rules.alone);
    });
    link.open(hub, handshake, (cause) => next(cause && failure(cause)));
  };
  return () => {
    place.join = undefined;
  };
}

const GONE: CloseCause = { code: "link_lost", reason: "the connection ended" };
const TWICE: CloseCause = { code: "forbidden", reason: "one link for each connection" };
const NO_HUB: CloseCause = { code: "link_lost", reason: "no hub is attached" };

function placeOf(namespace: Namespace): Place {
  const found = places.get(namespace);
  if (found) return found;
  const place: Place = { join: undefined };
  places.set(namespace, place);
  namespace.use((socket, next) => {
    if (place.join) place.join(socket, next);
    else next(failure(NO_HUB));
  });
  namespace.on("connection", (socket) => {
    const begin = joined.get(socket);
    // Socket.IO's own recovery bypasses this middleware.
    if (begin) begin();
    else socket.disconnect();
  });
  return place;
}

/** The error that Socket.IO sends to a refused client, as `connect_error` with `error.data`. */
function failure(cause: CloseCause): Error {
  return Object.assign(new Error(cause.code), { data: stockFailure(cause) });
}
