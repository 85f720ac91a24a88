/** Hangs the endpoint on a Node HTTP server. */
import { type HttpServer, servePath, takeRequests } from "@bellwire/core/http";
import { type LinkAcceptor } from "@bellwire/core/server";
import { Endpoint } from "./endpoint.ts";
import { chunk, NodeExchange } from "./node-exchange.ts";
import { type SseServerOptions, serverSettings } from "./options.ts";
import { createWire } from "./wire.ts";

/**
 * Serves a hub over SSE on one path of a Node server: HTTP, HTTPS, or HTTP/2 with and without TLS. Requests for other paths go to the
 * server's own listeners, whether they were added before or after; those that nobody listens to are answered 404. Returns a function
 * that detaches it; links that are open go on receiving, and their commands are refused. Throws `invalid_option`.
 *
 * A link's requests must reach the process that holds its stream: behind a balancer, make it sticky.
 */
export function attachSse(hub: LinkAcceptor, server: HttpServer, options: SseServerOptions = {}): () => void {
  const settings = serverSettings(options);
  const endpoint = new Endpoint(hub, settings);
  const wires = { chunked: createWire(chunk), bare: createWire((text) => Buffer.from(text)) };
  const hide = servePath(server, settings.path, "requests");
  const release = takeRequests(server, {
    takes: (_, path) => path === settings.path,
    take: (request, response) => endpoint.handle(new NodeExchange(request, response, wires)),
    refused: (cause) => hub.refused(cause, "sse"),
  });
  return () => {
    hide();
    release();
  };
}
