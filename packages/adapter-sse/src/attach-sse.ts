/** Hangs the endpoint on a Node HTTP server. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Server as SecureServer } from "node:https";
import type { LinkAcceptor } from "@bellwire/core/server";
import { Endpoint } from "./endpoint.ts";
import { chunk, NodeExchange } from "./node-exchange.ts";
import { type SseServerOptions, serverSettings } from "./options.ts";
import { createWire } from "./wire.ts";

/**
 * Serves a hub over SSE on one path of a Node HTTP or HTTPS server. Requests for other paths go to the server's own listeners,
 * whether they were added before or after; those that nobody listens to are answered 404. Returns a function that detaches it;
 * links that are open go on receiving, and their commands are refused. Throws `invalid_option`.
 *
 * A link's requests must reach the process that holds its stream: behind a balancer, make it sticky.
 */
export function attachSse(
  hub: LinkAcceptor,
  server: Server | SecureServer,
  options: SseServerOptions = {},
): () => void {
  const settings = serverSettings(options);
  const endpoint = new Endpoint(hub, settings);
  const wires = { chunked: createWire(chunk), bare: createWire((text) => Buffer.from(text)) };
  const emit = server.emit;
  let attached = true;
  // A listener would share every request with the application's: both would answer, and the second answer is an error.
  server.emit = function emitOthers(this: Server, name: string, ...rest: unknown[]): boolean {
    const heard = (): boolean => Reflect.apply(emit, this, [name, ...rest]) as boolean;
    if (name !== "request" || !attached) return heard();
    const [request, response] = rest as [IncomingMessage, ServerResponse];
    if (request.url?.split("?", 1)[0] === settings.path) {
      endpoint.handle(new NodeExchange(request, response, wires));
    } else if (!heard()) {
      response.writeHead(404, { "content-length": 0 }).end();
    }
    return true;
  };
  return () => {
    attached = false;
  };
}
