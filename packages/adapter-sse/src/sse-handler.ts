/** The endpoint as a function from `Request` to `Response`, for servers that speak fetch. */
import type { LinkAcceptor } from "@bellwire/core/server";
import { Endpoint } from "./endpoint.ts";
import { FetchExchange } from "./fetch-exchange.ts";
import { handlerSettings, type SseHandlerOptions } from "./options.ts";
import { createWire } from "./wire.ts";

/** What a fetch-style server knows of a connection beside the request. */
export interface SseConnection {
  readonly remoteAddress?: string;
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
  return (request, connection) => {
    const exchange = new FetchExchange(request, connection?.remoteAddress, wire);
    endpoint.handle(exchange);
    return exchange.response;
  };
}
