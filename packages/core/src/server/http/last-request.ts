/**
 * Notes which request of an HTTP/1 connection is the last: one that a stream answers, one that was
 * refused with its body unread, or one that says `Connection: close`. A later request would never
 * be answered and yet hold memory, even a link; and Node fails an assertion, which ends the
 * process, when it begins to answer such a request while the connection closes.
 */
import type { Socket } from "node:net";
import { type HttpRequest, isHttp2 } from "./request.ts";

interface Last {
  readonly request: HttpRequest;
  /** Whether its answer was written; the peer should receive it before the connection ends. */
  readonly answered: boolean;
}

const lasts: WeakMap<Socket, Last> = new WeakMap();

/**
 * From this call on, another request ends the connection: at once, or with `answered` after the
 * bytes that were written. It has no effect on HTTP/2, where streams are independent of each other.
 */
export function markLast(request: HttpRequest, answered = false): void {
  if (!isHttp2(request)) lasts.set(request.socket, { request, answered });
}

/**
 * Reverts {@link markLast}: the connection takes more requests, unless the client said `Connection:
 * close`.
 */
export function unmarkLast(request: HttpRequest): void {
  if (!isHttp2(request) && !saysClose(request)) lasts.delete(request.socket);
}

/**
 * Ends the connection of a request that follows the last one, and returns true: it MUST NOT be
 * answered.
 */
export function endIfAfterLast(request: HttpRequest): boolean {
  if (isHttp2(request)) return false;
  const { socket } = request;
  const last = lasts.get(socket);
  if (!last || last.request === request) return false;
  if (!last.answered) socket.destroy();
  // Each further call on a socket that is ending would add a listener.
  else if (socket.writable) socket.destroySoon();
  return true;
}

/** Whether the client says that it sends no more on this connection (RFC 9112, section 9.6). */
export function saysClose(request: HttpRequest): boolean {
  if (isHttp2(request)) return false;
  const { connection = "" } = request.headers;
  if (/(^|,)\s*close\s*(,|$)/i.test(connection)) return true;
  return request.httpVersion === "1.0" && !/keep-alive/i.test(connection);
}
