/** Answers requests, also those whose body was not read. */
import type { ServerResponse } from "node:http";
import { markLast, unmarkLast } from "./last-request.ts";
import type { HttpReply } from "./refusal.ts";
import { type HttpRequest, type HttpResponse, isHttp2, isUnread } from "./request.ts";

/**
 * Milliseconds for which the rest of an unread body is discarded, so that the client receives the
 * answer.
 */
const LINGER = 1_000;

/**
 * Answers a request. When its body was not read completely, the answer is the last on its
 * connection: later requests are not served, and the connection ends when the body has arrived,
 * after one second at the latest. On HTTP/2 only the stream of the request ends.
 */
export function reply(
  request: HttpRequest,
  response: HttpResponse,
  { status, headers, body }: HttpReply,
): void {
  const unread = isUnread(request);
  const all = { ...headers, ...(status !== 204 && { "content-length": `${Buffer.byteLength(body)}` }) };
  if (isHttp2(request)) {
    response.writeHead(status, all);
    response.end(body);
    // Asks the client to stop sending, after the answer was written (RFC 9113, section 8.1).
    if (unread) request.stream.close();
    return;
  }
  const { socket } = request;
  const own = response as ServerResponse;
  if (socket.destroyed) return;
  if (!unread) {
    unmarkLast(request);
    own.writeHead(status, all).end(body);
    return;
  }
  markLast(request, true);
  own.writeHead(status, { ...all, connection: "close" });
  // The response is written completely but never ended: at its end Node would close the connection
  // with bytes unread. That resets the connection, and the reset overtakes the answer.
  own.write(body);
  own.flushHeaders();
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once("close", () => clearTimeout(timer));
  request.once("end", () => socket.destroySoon());
  request.resume();
}
