/** Hangs an adapter on a server of the application's, beside whatever else it serves. */
import type { CloseCause } from "../../protocol/close-codes.ts";
import { endIfAfterLast, markLast, saysClose } from "./last-request.ts";
import { refusal, reply } from "./reply.ts";
import { type HttpRequest, type HttpResponse, type HttpServer, isHttp2, pathOf } from "./request.ts";
import { unserved } from "./served-paths.ts";

/** What an adapter takes of a server's requests. */
export interface RequestTaker {
  /** Whether requests for a path are the adapter's. */
  readonly takes: (request: HttpRequest, path: string) => boolean;
  readonly take: (request: HttpRequest, response: HttpResponse, path: string) => void;
  /** Hears why a request was refused that nobody serves. */
  readonly refused: (cause: CloseCause) => void;
}

/**
 * Takes requests from a server. Others go to the server's own listeners, whether they were added before or after; those that nobody
 * listens to are answered 404 with the paths that are served. Returns a function that stops taking.
 */
export function takeRequests(server: HttpServer, { takes, take, refused }: RequestTaker): () => void {
  const emit = server.emit as (name: string, ...rest: unknown[]) => boolean;
  let attached = true;
  const emitOthers = function (this: HttpServer, name: string, ...rest: unknown[]): boolean {
    const heard = (): boolean => Reflect.apply(emit, this, [name, ...rest]) as boolean;
    if (name !== "request") return heard();
    const [request, response] = rest as [HttpRequest, HttpResponse];
    if (endIfAfterLast(request)) return true;
    if (!attached) return heard();
    const path = pathOf(request);
    if (takes(request, path)) {
      if (saysClose(request)) markLast(request);
      take(request, response, path);
    } else if (!heard() && !hearsStreams(server, request)) {
      const { status, cause } = unserved(server, path);
      refused(cause);
      reply(request, response, refusal(cause, status));
    }
    return true;
  };
  // A listener would share every request with the application's: both would answer, and the second answer is an error.
  server.emit = emitOthers as HttpServer["emit"];
  // A server of HTTP/2 makes requests of its streams from the first time that somebody listens to them.
  const nobody = (): void => {};
  server.on("request", nobody).off("request", nobody);
  return () => {
    attached = false;
  };
}

/** Whether an application listens to the streams of HTTP/2 themselves; one listener is Node's own. */
function hearsStreams(server: HttpServer, request: HttpRequest): boolean {
  return isHttp2(request) && server.listenerCount("stream") > 1;
}
