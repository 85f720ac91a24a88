/** The hub as an adapter's server half sees it: admission, and the other end of each link. */
import type { Link, LinkObserver } from "../link.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import type { ClientMessage, Member, Position, ServerMessage } from "../protocol/messages.ts";
import type { History } from "./backplane.ts";
import type { Handshake } from "./handshake.ts";
import type { Identity } from "./identity.ts";

/** A publish of a client. */
export interface Publication {
  readonly topic: string;
  readonly event: string;
  readonly data: unknown;
  readonly id: string;
  /** `true`: every subscriber but the publisher receives it. */
  readonly excludeSelf: boolean;
}

/** The acknowledgement's content. */
export interface PublishAnswer {
  readonly position: Position | null;
  /** The return value of the command's handler. */
  readonly data?: unknown;
}

/**
 * A client's requests outside of any link, for an adapter whose provider holds the connections.
 * Each is authorized by itself.
 */
export interface ClientRequest {
  /** The client's identity, as `authenticate` returned it. */
  readonly identity: Identity;
  /**
   * Resolves when the client may subscribe, with its member on a `presence-` topic. Rejects with
   * `unknown_topic`, `forbidden`.
   */
  admit(topic: string): Promise<Member | undefined>;
  /**
   * Everything after a position, or the gap; without a position only the head. Rejects like
   * `admit`.
   */
  read(topic: string, after: Position | undefined): Promise<History>;
  /** Publishes as the client. Rejects as {@link Hub.publish} does, and with `forbidden`. */
  publish(publication: Publication): Promise<PublishAnswer>;
}

/** Carries out a request of another hub; undefined when the request is not for this handler. */
export type PeerHandler = (payload: string) => string | undefined | Promise<string | undefined>;

/** The other hubs on the backplane, for an adapter whose requests may reach any of them. */
export interface HubPeers {
  /**
   * A fresh address on this hub, for something that requests to any hub may name: 52 letters,
   * digits, hyphens and underscores. Nobody can guess it.
   */
  address(): string;
  /**
   * The other hub that has made an address, while it is alive; undefined for an address of this
   * hub, for one of a hub that is gone, and for one that no hub has made. It answers at once,
   * except in the first 2 s of this hub, when the others may not have answered yet.
   */
  ownerOf(address: string): Promise<string | undefined>;
  /**
   * Sends a request to another hub and resolves with the answer of its handler, which runs once.
   * Rejects within 2 s with `link_lost` when that hub is unknown, gone, silent, or has no handler
   * that knows the request, and with `overloaded` above 256 requests or 8 MiB under way. The caller
   * MUST bound the payload.
   */
  request(hub: string, kind: string, payload: string): Promise<string>;
  /** Answers the requests of one kind. The returned function ends that. */
  serve(kind: string, handler: PeerHandler): () => void;
}

/** The part of a hub that an adapter uses. */
export interface LinkAcceptor {
  /** The way to the hubs that share the backplane. Absent: there is none. */
  readonly peers?: HubPeers | undefined;
  /**
   * The largest inbound message in bytes; an adapter MUST refuse a larger one before it has read it
   * whole.
   */
  readonly maxMessageBytes: number;
  /**
   * The cause for which a new link would be refused now (`draining`, `overloaded`), or undefined.
   * An adapter MUST ask before it accepts a connection and answer a refusal with HTTP 503 and
   * `Retry-After`.
   */
  refusal(): CloseCause | undefined;
  /**
   * Receives the cause for which the adapter itself refused a connection or a request, such as one
   * from a foreign origin. The reason states what to change. The hub reports each code on each
   * transport to `onError` at most once a minute.
   */
  refused(cause: CloseCause, transport: string): void;
  /**
   * Takes one end of an open connection and returns the observer of it. The adapter calls `open` on
   * it first.
   */
  accept(link: Link<ServerMessage>, handshake: Handshake): LinkObserver<ClientMessage>;
  /** Calls back when the hub starts to close; the adapter then stops listening for new links. */
  onClose(callback: () => void): void;
}

/**
 * The part of a hub that serves clients without a link: a provider holds their connections, and
 * they send requests to the hub.
 */
export interface RequestAcceptor {
  /**
   * Takes a client's requests without a link. `session` is what `exclude` excludes. Rejects with
   * `unauthorized`, and with `closed` once the hub is closing. It counts against no rate: an
   * adapter MUST bound the requests it takes.
   */
  acceptRequest(token: string | undefined, handshake: Handshake, session: string): Promise<ClientRequest>;
}
