/**
 * The one URL of the transport: streams by GET, commands by POST, goodbyes by DELETE, on any
 * server.
 */
import { type LinkAcceptor } from "@bellwire/core/adapter";
import {
  type Admission,
  answerHeaders,
  type HttpReply,
  handshakeOf,
  preflightHeaders,
  refusal,
} from "@bellwire/core/http";
import { NativeRequests } from "../native/requests.ts";
import { NativeLink } from "../native/server-link.ts";
import type { SseSettings } from "../options.ts";
import { readStockRequest } from "../stock/request.ts";
import { StockLink } from "../stock/server-link.ts";
import type { Exchange } from "./exchange.ts";
import { OpenStreams } from "./open-streams.ts";

const STREAM_HEADERS = {
  "content-type": "text/event-stream",
  // `no-transform` keeps proxies from compressing, which would hold events back until a block is
  // full.
  "cache-control": "no-store, no-transform",
  "x-accel-buffering": "no",
};

type Headers = Readonly<Record<string, string>>;

/** Answers the requests for one hub. */
export class Endpoint {
  readonly #hub: LinkAcceptor;
  readonly #admission: Admission;
  readonly #settings: SseSettings;
  readonly #native: NativeRequests;
  readonly #streams: OpenStreams;

  constructor(hub: LinkAcceptor, admission: Admission, settings: SseSettings) {
    this.#hub = hub;
    this.#admission = admission;
    this.#settings = settings;
    this.#native = new NativeRequests(hub);
    this.#streams = new OpenStreams(settings.comment);
  }

  /** Answers one request, now or later. Never throws, whatever the client sent. */
  handle(exchange: Exchange): void {
    const { method } = exchange;
    const { headers: cors, refused } = this.#admission.judge(exchange, method === "GET");
    const answer = (reply: HttpReply): void => {
      exchange.reply({ ...reply, headers: { ...answerHeaders(cors), ...reply.headers } });
    };
    if (refused) answer(refusal(refused.cause, refused.status));
    else if (method === "GET") this.#open(exchange, cors, answer);
    else if (method === "POST") void this.#native.receive(exchange).then(answer);
    else if (method === "DELETE") void this.#native.leave(exchange).then(answer);
    else if (method === "OPTIONS") {
      const headers = preflightHeaders(exchange.headers, "GET, POST, DELETE");
      answer({ status: 204, headers, body: "" });
    } else {
      const { headers, ...rest } = refusal(
        { code: "malformed", reason: "the methods are GET for a stream, POST for commands and DELETE" },
        405,
      );
      answer({ ...rest, headers: { ...headers, allow: "GET, POST, DELETE, OPTIONS" } });
    }
  }

  /** Takes no more requests that other hubs forward. */
  close(): void {
    this.#native.close();
  }

  /**
   * Begins a stream: for a stock client if the URL names topics, else for Bellwire's own client.
   */
  #open(exchange: Exchange, cors: Headers, answer: (reply: HttpReply) => void): void {
    const request = exchange.hasBody
      ? "a request for a stream has no body"
      : readStockRequest(exchange, this.#settings.allowQueryToken);
    if (typeof request === "string") return answer(refusal({ code: "malformed", reason: request }));
    const handshake = handshakeOf("sse", exchange);
    const headers = { ...answerHeaders(cors), ...STREAM_HEADERS };
    exchange.claim();
    if (request) {
      const link = new StockLink(request, {
        start: () => exchange.stream(headers),
        refuse: (cause) => answer(refusal(cause)),
      });
      this.#streams.keep(exchange, link);
      link.open(this.#hub, handshake);
    } else {
      const link = new NativeLink(exchange.stream(headers), this.#hub);
      this.#streams.keep(exchange, link, this.#native.add(link));
      link.open(this.#hub, handshake);
    }
  }
}
