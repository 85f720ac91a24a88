/** Hangs a part of the adapter on a server of the application's, beside whatever else it serves. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Server as SecureServer } from "node:https";

/** Answers one request; `rest` is its path after the prefix. */
type Taker = (request: IncomingMessage, response: ServerResponse, rest: string) => void;

/**
 * Takes the requests below a path; others go to the server's own listeners, whether they were added before or after, and those that
 * nobody listens to are answered 404.
 */
export function takeRequests(server: Server | SecureServer, prefix: string, take: Taker): () => void {
  const emit = server.emit;
  let attached = true;
  // A listener would share every request with the application's: both would answer, and the second answer is an error.
  server.emit = function emitOthers(this: Server, event: string, ...rest: unknown[]): boolean {
    const heard = (): boolean => Reflect.apply(emit, this, [event, ...rest]) as boolean;
    if (event !== "request" || !attached) return heard();
    const [request, response] = rest as [IncomingMessage, ServerResponse];
    const path = request.url?.split("?", 1)[0] ?? "";
    if (path.startsWith(prefix)) take(request, response, path.slice(prefix.length));
    else if (!heard()) response.writeHead(404, { "content-length": 0 }).end();
    return true;
  };
  return () => {
    attached = false;
  };
}

/** Headers as `authenticate` gets them: one string each. */
export function singleHeaders({ headers }: IncomingMessage): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}
