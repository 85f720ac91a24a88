/** The one URL of the SSE wire, whatever server it hangs on: streams by GET, commands by POST, goodbyes by DELETE, and who may. */

import { type Position } from "@bellwire/core";
import { isName } from "@bellwire/core/adapter";
import { type BodyFailure, type HttpReply, judgeOrigin, refusal } from "@bellwire/core/http";
import { type Handshake, type LinkAcceptor } from "@bellwire/core/server";
import { readCommands } from "./commands.ts";
import { readCursor } from "./cursor.ts";
import { type Exchange, refusalOf } from "./exchange.ts";
import { NativeLink } from "./native-link.ts";
import type { SseSettings } from "./options.ts";
import { StockLink, type StockRequest } from "./stock-link.ts";
import type { StreamLink } from "./stream-link.ts";

const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  // `no-transform` keeps proxies from compressing, which holds events back until a block is full.
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
  vary: "origin",
};

const BODY_FAILURES: Readonly<Record<BodyFailure, HttpReply>> = {
  too_large: refusalOf({ code: "too_large", reason: "the body is too large" }),
  timeout: refusal({ code: "timeout", reason: "the body took too long" }, 408),
  // Nobody is left to read it.
  lost: refusal({ code: "link_lost" }, 400),
};

const DONE: HttpReply = { status: 204, headers: {}, body: "" };
const NO_LINK: HttpReply = refusal({ code: "link_lost", reason: "no such link" }, 404);

type Headers = Readonly<Record<string, string>>;

export class Endpoint {
  readonly #hub: LinkAcceptor;
  readonly #settings: SseSettings;
  readonly #natives: Map<string, NativeLink> = new Map();
  readonly #links: Set<StreamLink> = new Set();
  #closing = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(hub: LinkAcceptor, settings: SseSettings) {
    this.#hub = hub;
    this.#settings = settings;
    hub.onClose(() => {
      this.#closing = true;
    });
  }

  /** Answers one request, now or later. Never throws, whatever was sent. */
  handle(exchange: Exchange): void {
    const origin = judgeOrigin(exchange.headers, this.#settings.allowedOrigins, exchange.secure);
    if (!origin.allowed) {
      this.#hub.refused(origin.cause, "sse");
      return reply(exchange, {}, refusalOf(origin.cause));
    }
    const cors = origin.headers;
    if (exchange.method === "GET") this.#get(exchange, cors);
    else if (exchange.method === "POST") void this.#post(exchange, cors);
    else if (exchange.method === "DELETE") reply(exchange, cors, this.#leave(exchange));
    else if (exchange.method === "OPTIONS") reply(exchange, preflight(exchange, cors), DONE);
    else {
      const refused = refusal({ code: "malformed", reason: "GET a stream or POST commands" }, 405);
      reply(exchange, { ...cors, allow: "GET, POST, DELETE, OPTIONS" }, refused);
    }
  }

  #get(exchange: Exchange, cors: Headers): void {
    const refused = this.#hub.refusal() ?? (this.#closing ? { code: "draining" as const } : undefined);
    if (refused) return reply(exchange, cors, refusal(refused, 503));
    const request = exchange.hasBody ? "a request for a stream has no body" : this.#readQuery(exchange);
    if (typeof request === "string")
      return reply(exchange, cors, refusalOf({ code: "malformed", reason: request }));
    const { headers, remoteAddress } = exchange;
    const handshake: Handshake = { transport: "sse", headers, remoteAddress };
    exchange.claim();
    const streamHeaders = { ...STREAM_HEADERS, ...cors };
    if (request) {
      const link = new StockLink(request, {
        start: () => exchange.stream(streamHeaders),
        refuse: (cause) => reply(exchange, cors, refusalOf(cause)),
      });
      this.#keep(exchange, link);
      link.open(this.#hub, handshake);
    } else {
      const link = new NativeLink(exchange.stream(streamHeaders), this.#hub.maxMessageBytes);
      this.#natives.set(link.id, link);
      this.#keep(exchange, link, link.id);
      link.open(this.#hub, handshake);
    }
  }

  /** What a stock client asks for, undefined for Bellwire's own client, or in words why it is refused. */
  #readQuery({ url, headers }: Exchange): StockRequest | undefined | string {
    const at = url.indexOf("?");
    if (at < 0) return undefined;
    const query = new URLSearchParams(url.slice(at + 1));
    const token = query.get("token") ?? undefined;
    if (token !== undefined && !this.#settings.allowQueryToken) return "tokens are not taken from the URL";
    const topics = [...new Set(query.getAll("topic"))];
    if (topics.length === 0) return undefined;
    if (!topics.every(isName)) return "a topic is off the grammar";
    const cursor = headers["last-event-id"] || query.get("cursor") || undefined;
    const positions: ReadonlyMap<string, Position> | undefined =
      cursor === undefined ? new Map() : readCursor(cursor, topics);
    return positions ? { topics, positions, token } : "the last event id is not from here";
  }

  async #post(exchange: Exchange, cors: Headers): Promise<void> {
    reply(exchange, cors, await this.#receive(exchange));
  }

  async #receive(exchange: Exchange): Promise<HttpReply> {
    const { headers } = exchange;
    if (!/^application\/json *(;|$)/i.test(headers["content-type"] ?? "")) {
      return refusal({ code: "malformed", reason: "the content type must be application/json" }, 415);
    }
    const link = this.#natives.get(headers["bellwire-link"] ?? "");
    if (!link) return NO_LINK;
    const first = /^[1-9]\d{0,14}$/.test(headers["bellwire-number"] ?? "")
      ? Number(headers["bellwire-number"])
      : 0;
    if (first === 0) return refusalOf({ code: "malformed", reason: "bellwire-number must count from 1" });
    // One message of the largest size, in its brackets.
    const body = await exchange.body(this.#hub.maxMessageBytes + 2);
    if (typeof body === "string") return BODY_FAILURES[body];
    // It may have closed while the body was on its way.
    if (link.closed) return NO_LINK;
    const commands = readCommands(body);
    if (!commands) {
      link.malformed("not a JSON array");
      return refusalOf({ code: "malformed", reason: "the body must be a JSON array of messages" });
    }
    if (!link.take(first, commands))
      return refusal({ code: "rate_limited", reason: "too many commands out of order" }, 409);
    return DONE;
  }

  /** A client leaves for good; one whose stream only ends may be on its way back. */
  #leave({ headers }: Exchange): HttpReply {
    const link = this.#natives.get(headers["bellwire-link"] ?? "");
    if (!link || link.closed) return NO_LINK;
    link.close({ code: "normal" });
    return DONE;
  }

  #keep(exchange: Exchange, link: StreamLink, id?: string): void {
    this.#links.add(link);
    if (this.#timer === undefined) {
      this.#timer = setInterval(this.#comment, this.#settings.comment);
      // A hub without links must not keep its process alive; one timer serves all streams.
      const timer: unknown = this.#timer;
      if (typeof timer === "object" && timer !== null && "unref" in timer)
        (timer as { unref(): void }).unref();
    }
    exchange.onEnd(() => {
      this.#links.delete(link);
      if (id !== undefined) this.#natives.delete(id);
      if (this.#links.size === 0) {
        clearInterval(this.#timer);
        this.#timer = undefined;
      }
      link.ended();
    });
  }

  readonly #comment = (): void => {
    for (const link of this.#links) link.comment();
  };
}

function reply(exchange: Exchange, cors: Headers, { status, headers, body }: HttpReply): void {
  exchange.reply({
    status,
    headers: { "cache-control": "no-store", vary: "origin", ...cors, ...headers },
    body,
  });
}

/** Whatever header a page of an allowed origin wants to send may be sent: those the endpoint does not know mean nothing to it. */
function preflight({ headers }: Exchange, cors: Headers): Headers {
  const asked = headers["access-control-request-headers"] ?? "";
  return {
    ...cors,
    vary: "origin, access-control-request-headers",
    "access-control-allow-methods": "GET, POST, DELETE",
    ...(/^[\w\-, ]+$/.test(asked) && { "access-control-allow-headers": asked }),
    // Two hours is the most that browsers remember.
    "access-control-max-age": "7200",
  };
}
