/**
 * The requests up of Bellwire's own client. Each names its link by the header `Bellwire-Link`, and
 * may come to any hub: one that does not hold the link forwards the request to the hub that does.
 */
import { isBellwireError } from "@bellwire/core";
import type { HubPeers, LinkAcceptor } from "@bellwire/core/adapter";
import { BODY_REFUSALS, type HttpReply, hasContentType, refusal } from "@bellwire/core/http";
import type { Exchange } from "../connection/exchange.ts";
import { readCommands } from "./commands.ts";
import type { NativeLink } from "./server-link.ts";

const DONE: HttpReply = { status: 204, headers: {}, body: "" };
const NO_LINK: HttpReply = refusal({ code: "link_lost", reason: "no such link" }, 404);
const NO_COMMANDS: HttpReply = refusal({
  code: "malformed",
  reason: "the body must be a JSON array of messages",
});
/** The kind of these requests between hubs. */
const KIND = "sse";
const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** The hub that holds a link, among those on the backplane. */
interface Owner {
  readonly peers: HubPeers;
  readonly hub: string;
}

/** A request as it goes to the hub that holds the link. Without commands it is a goodbye. */
interface Forwarded {
  readonly link: string;
  readonly commands?: { readonly first: number; readonly text: string };
}

/** Answers the requests for all links of one endpoint. */
export class NativeRequests {
  readonly #hub: LinkAcceptor;
  readonly #links: Map<string, NativeLink> = new Map();
  /** Stops answering the requests that other hubs forward. */
  readonly close: () => void;

  constructor(hub: LinkAcceptor) {
    this.#hub = hub;
    this.close = hub.peers?.serve(KIND, (payload) => this.#serve(payload)) ?? (() => {});
  }

  /** Takes requests for a link from now on. Returns a function that stops taking them. */
  add(link: NativeLink): () => void {
    this.#links.set(link.id, link);
    return () => void this.#links.delete(link.id);
  }

  /** Answers a request that carries commands. Never rejects. */
  async receive(exchange: Exchange): Promise<HttpReply> {
    const { headers } = exchange;
    if (!hasContentType(headers, "application/json")) {
      return refusal({ code: "malformed", reason: "the content type must be application/json" }, 415);
    }
    const id = linkIn(exchange);
    const link = this.#links.get(id);
    const owner = link ? undefined : await this.#ownerOf(id);
    if (!link && !owner) return NO_LINK;
    const first = numberIn(headers["bellwire-number"]);
    if (first === undefined)
      return refusal({ code: "malformed", reason: "bellwire-number must count from 1" });
    // One message of the largest size, in its brackets.
    const body = await exchange.body(this.#hub.maxMessageBytes + 2);
    if (typeof body === "string") return refusal(BODY_REFUSALS[body].cause, BODY_REFUSALS[body].status);
    if (!owner) return take(link, first, body);
    const text = textOf(body);
    return text === undefined ? NO_COMMANDS : forward(owner, { link: id, commands: { first, text } });
  }

  /**
   * Answers the goodbye of a client that leaves for good. A client whose stream merely ends may be
   * about to come back. Never rejects.
   */
  async leave(exchange: Exchange): Promise<HttpReply> {
    const id = linkIn(exchange);
    const link = this.#links.get(id);
    if (link) return leave(link);
    const owner = await this.#ownerOf(id);
    return owner ? forward(owner, { link: id }) : NO_LINK;
  }

  async #ownerOf(link: string): Promise<Owner | undefined> {
    const { peers } = this.#hub;
    const hub = await peers?.ownerOf(link);
    return peers && hub !== undefined ? { peers, hub } : undefined;
  }

  /** Carries out what another hub forwards; undefined for a link that is not here. */
  #serve(payload: string): string | undefined {
    const { link: id, commands } = JSON.parse(payload) as Forwarded;
    const link = this.#links.get(id);
    if (!link || link.closed) return undefined;
    if (!commands) return JSON.stringify(leave(link));
    return JSON.stringify(take(link, commands.first, new TextEncoder().encode(commands.text)));
  }
}

/** Gives commands to their link, which may have closed while they were on their way. */
function take(link: NativeLink | undefined, first: number, body: Uint8Array): HttpReply {
  if (!link || link.closed) return NO_LINK;
  const commands = readCommands(body);
  if (!commands) {
    link.malformed("not a JSON array");
    return NO_COMMANDS;
  }
  if (!link.take(first, commands))
    return refusal({ code: "rate_limited", reason: "too many commands out of order" }, 409);
  return DONE;
}

function leave(link: NativeLink): HttpReply {
  if (link.closed) return NO_LINK;
  link.close({ code: "normal" });
  return DONE;
}

/** The answer of the hub that holds the link; 404 when it is gone or has no such link. */
async function forward({ peers, hub }: Owner, forwarded: Forwarded): Promise<HttpReply> {
  try {
    return JSON.parse(await peers.request(hub, KIND, JSON.stringify(forwarded))) as HttpReply;
  } catch (error) {
    if (!isBellwireError(error) || error.code === "link_lost") return NO_LINK;
    return refusal({ code: error.code, reason: error.message, retryAfter: error.retryAfter });
  }
}

function linkIn({ headers }: Exchange): string {
  return headers["bellwire-link"] ?? "";
}

/** The number of a request's first command, from 1; undefined for any other text. */
function numberIn(text = ""): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined;
}

/** Undefined for bytes that are no UTF-8. */
function textOf(body: Uint8Array): string | undefined {
  try {
    return UTF8.decode(body);
  } catch {
    return undefined;
  }
}
