/** Takes an adapter's requests from a server that the application may use for other things, too. */
import type { CloseCause } from "../../protocol/close-codes.ts";
import { endIfAfterLast, markLast, saysClose } from "./last-request.ts";
import { refusal } from "./refusal.ts";
import { reply } from "./reply.ts";
import { type HttpRequest, type HttpResponse, type HttpServer, isHttp2, pathOf } from "./request.ts";
import { unserved } from "./served-paths.ts";

/** The requests of a server that an adapter takes. */
export interface RequestTaker {
  /** Whether a request is the adapter's. */
  readonly takes: (request: HttpRequest, path: string) => boolean;
  readonly take: (request: HttpRequest, response: HttpResponse, path: string) => void;
  /** Receives the reason when a request is refused because nobody serves its path. */
  readonly refused: (cause: CloseCause) => void;
}

/**
 * Takes requests from a server, by wrapping its `emit`. Other requests go to the server's own
 * listeners, whether they were added before or after; a request that has no listener is answered
 * 404 with the paths that are served. Returns a function that stops taking.
 */
export function takeRequests(server: HttpServer, { takes, take, refused }: RequestTaker): () => void {
  const emit = server.emit as (name: string, ...rest: unknown[]) => boolean;
  let attached = true;
  const emitOthers = function (this: HttpServer, name: string, ...rest: unknown[]): boolean {
    const passOn = (): boolean => Reflect.apply(emit, this, [name, ...rest]) as boolean;
    if (name !== "request") return passOn();
    const [request, response] = rest as [HttpRequest, HttpResponse];
    if (endIfAfterLast(request)) return true;
    if (!attached) return passOn();
    const path = pathOf(request);
    if (takes(request, path)) {
      if (saysClose(request)) markLast(request);
      take(request, response, path);
    } else if (!passOn() && !listensToStreams(server, request)) {
      const { status, cause } = unserved(server, path);
      refused(cause);
      reply(request, response, refusal(cause, status));
    }
    return true;
  };
  // With a listener instead, every request would reach the application's listeners as well: both
  // would answer, and the second answer is an error.
  server.emit = emitOthers as HttpServer["emit"];
  // An HTTP/2 server makes requests of its streams only once a listener of `request` was added.
  const nobody = (): void => {};
  server.on("request", nobody).off("request", nobody);
  return () => {
    attached = false;
  };
}

/**
 * Whether an application listens to the streams of HTTP/2 themselves; the first listener is Node's
 * own.
 */
function listensToStreams(server: HttpServer, request: HttpRequest): boolean {
  return isHttp2(request) && server.listenerCount("stream") > 1;
}
