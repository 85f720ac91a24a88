/** The endpoint as a function from `Request` to `Response`, for servers that speak fetch. */
import { endIfAfterLast, type HttpRequest } from "@bellwire/core/http";
import { type LinkAcceptor } from "@bellwire/core/server";
import { Endpoint } from "./endpoint.ts";
import { FetchExchange } from "./fetch-exchange.ts";
import { handlerSettings, type SseHandlerOptions } from "./options.ts";
import { createWire } from "./wire.ts";

/** What a fetch-style server knows of a connection beside the request. */
export interface SseConnection {
  readonly remoteAddress?: string;
  /**
   * Node's own request, where the server around us is one of Node's: the whole `env` of Hono may be given. By it a stream ends with its
   * connection, which carries no second one. Without it the server around us has to see to both.
   */
  readonly incoming?: HttpRequest;
}

/**
 * Serves a hub over SSE from any server that hands over a `Request` and takes a streaming `Response` (Deno, Bun, Hono, …). Route one
 * path to it, with every method. Bytes held are counted up to the server around it, which holds some of its own.
 *
 * A link's requests must reach the process that holds its stream. Throws `invalid_option` when an option is wrong; the function
 * it returns never rejects.
 */
export function sseHandler(
  hub: LinkAcceptor,
  options: SseHandlerOptions = {},
): (request: Request, connection?: SseConnection) => Promise<Response> {
  const endpoint = new Endpoint(hub, handlerSettings(options));
  const encoder = new TextEncoder();
  const wire = createWire((text) => encoder.encode(text));
  return (request, connection = {}) => {
    const { incoming } = connection;
    // Nobody gets this response: the connection ends here.
    if (incoming && endIfAfterLast(incoming)) return Promise.resolve(new Response(null, { status: 400 }));
    const exchange = new FetchExchange(request, connection, wire);
    endpoint.handle(exchange);
    return exchange.response;
  };
}
