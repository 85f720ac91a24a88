/**
 * The server half of the SSE transport: a stream of events down, numbered requests up. Bellwire's
 * own client speaks the messages of PROTOCOL.md; for a stock EventSource the adapter translates.
 */
import { type LinkAcceptor } from "@bellwire/core/adapter";
import {
  Admission,
  endIfAfterLast,
  type HttpRequest,
  type HttpServer,
  mountRequests,
} from "@bellwire/core/http";
import { createEncoding } from "./connection/encoding.ts";
import { Endpoint } from "./connection/endpoint.ts";
import { FetchExchange } from "./connection/fetch-exchange.ts";
import { chunk, NodeExchange } from "./connection/node-exchange.ts";
import { handlerSettings, type SseHandlerOptions, type SseServerOptions, serverSettings } from "./options.ts";

export type { SseHandlerOptions, SseServerOptions } from "./options.ts";

// ── Attaching ──

/**
 * Serves a hub over SSE on one path of a Node server (HTTP, HTTPS, or HTTP/2 with and without TLS),
 * beside everything else that the server serves. Other requests are left to the server's own
 * listeners, whether they were added before or after. Without a listener they are refused with 404
 * and the paths that are served. Returns a function that detaches it; open links go on receiving,
 * and their commands are refused. Throws `invalid_option`.
 *
 * A link's requests may reach any hub on the same backplane: each forwards them to the hub that
 * holds the stream. Hubs in memory share none, so that they need a balancer that is sticky.
 */
export function attachSse(hub: LinkAcceptor, server: HttpServer, options: SseServerOptions = {}): () => void {
  const settings = serverSettings(options);
  const admission = new Admission(hub, "sse", settings.allowedOrigins);
  const endpoint = new Endpoint(hub, admission, settings);
  const encodings = { chunked: createEncoding(chunk), bare: createEncoding((text) => Buffer.from(text)) };
  const detach = mountRequests(server, settings.path, {
    take: (request, response) => endpoint.handle(new NodeExchange(request, response, encodings)),
    refused: admission.refused,
  });
  return () => {
    endpoint.close();
    detach();
  };
}

/** Facts about a connection that a fetch-style server may know beside the request. */
export interface SseConnection {
  readonly remoteAddress?: string;
  /**
   * Node's own request, when the surrounding server is one of Node's; the whole `env` of Hono may
   * be given. With it, a stream ends with its connection, and the connection carries no second
   * stream. Without it, the surrounding server has to ensure both.
   */
  readonly incoming?: HttpRequest;
}

/**
 * Serves a hub over SSE from any server that gives a `Request` and takes a streaming `Response`
 * (Deno, Bun, Hono, …). Route one path to it, with every method. The bytes that the surrounding
 * server holds itself are not counted.
 *
 * A link's requests may reach any hub on the same backplane. Throws `invalid_option`; the function
 * that it returns never rejects.
 */
export function sseHandler(
  hub: LinkAcceptor,
  options: SseHandlerOptions = {},
): (request: Request, connection?: SseConnection) => Promise<Response> {
  const settings = handlerSettings(options);
  const endpoint = new Endpoint(hub, new Admission(hub, "sse", settings.allowedOrigins), settings);
  const encoder = new TextEncoder();
  const encoding = createEncoding((text) => encoder.encode(text));
  return (request, connection = {}) => {
    const { incoming } = connection;
    // Nobody receives this response: the connection ends here.
    if (incoming && endIfAfterLast(incoming)) return Promise.resolve(new Response(null, { status: 400 }));
    const exchange = new FetchExchange(request, connection, encoding);
    endpoint.handle(exchange);
    return exchange.response;
  };
}
