/** Hangs a part of the adapter on a server of the application's, beside whatever else it serves. */
import {
  type HttpRequest,
  type HttpResponse,
  type HttpServer,
  servePath,
  takeRequests,
} from "@bellwire/core/http";
import { type LinkAcceptor } from "@bellwire/core/server";

/** Answers one request; `rest` is its path after the prefix. */
type Taker = (request: HttpRequest, response: HttpResponse, rest: string) => void;

/** Takes the requests below a path. `refused` hears why a request was refused that nobody serves. */
export function takeBelow(
  server: HttpServer,
  prefix: string,
  take: Taker,
  refused: (...cause: Parameters<LinkAcceptor["refused"]>) => void,
): () => void {
  const hide = servePath(server, prefix, "requests");
  const release = takeRequests(server, {
    takes: (_, path) => path.startsWith(prefix),
    take: (request, response, path) => take(request, response, path.slice(prefix.length)),
    refused: (cause) => refused(cause, "pusher"),
  });
  return () => {
    hide();
    release();
  };
}
