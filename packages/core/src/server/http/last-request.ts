/**
 * Which request of an HTTP/1 connection is its last: one that a stream answers, one that was refused with its body unread, and one that
 * says `Connection: close`. A request behind it would never be answered, yet hold memory, a link even; and when Node comes to answer it
 * all the same while the connection ends, an assertion fails and the process with it.
 */
import type { Socket } from "node:net";
import { type HttpRequest, isHttp2 } from "./request.ts";

interface Last {
  readonly request: HttpRequest;
  /** Whether its answer was written, which the peer should still get when the connection ends. */
  readonly answered: boolean;
}

const lasts: WeakMap<Socket, Last> = new WeakMap();

/**
 * From now on another request ends the connection: at once, or with `answered` after what was written. The streams of HTTP/2 are
 * independent of each other; there nothing happens.
 */
export function markLast(request: HttpRequest, answered = false): void {
  if (!isHttp2(request)) lasts.set(request.socket, { request, answered });
}

/** Takes {@link markLast} back: the connection goes on, unless the client said that it does not. */
export function unmarkLast(request: HttpRequest): void {
  if (!isHttp2(request) && !saysClose(request)) lasts.delete(request.socket);
}

/** Ends the connection of a request that came after the last, and returns whether it did. Such a request MUST NOT be answered. */
export function endIfAfterLast(request: HttpRequest): boolean {
  if (isHttp2(request)) return false;
  const { socket } = request;
  const last = lasts.get(socket);
  if (!last || last.request === request) return false;
  if (!last.answered) socket.destroy();
  // Once it has begun to end, each further call would add a listener.
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
