/** Whole answers to HTTP requests, and the one way to refuse a request whose body was not read. */
import type { ServerResponse } from "node:http";
import type { CloseCause } from "../../protocol/close-codes.ts";
import { markLast, unmarkLast } from "./last-request.ts";
import { type HttpRequest, type HttpResponse, isHttp2, isUnread } from "./request.ts";

/** A whole answer. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty with status 204. */
  readonly body: string;
}

/** Milliseconds for which the rest of an unread body is read and thrown away, so that the client gets to see the answer. */
const LINGER = 1_000;

/** The answer to a request that is refused: code and reason in JSON, and when to come back. */
export function refusal(
  { code, reason, topic, retryAfter }: CloseCause & { readonly topic?: string | undefined },
  status: number,
): HttpReply {
  return {
    status,
    headers: {
      "content-type": "application/json",
      // A reason may repeat what the client sent, which no browser shall take for a page.
      "x-content-type-options": "nosniff",
      ...(retryAfter !== undefined && { "retry-after": `${Math.ceil(retryAfter / 1000)}` }),
    },
    body: JSON.stringify({ code, reason, topic }),
  };
}

/**
 * Answers a request. When its body was not read to its end, the answer is the connection's last: it is written, nothing behind it is
 * taken, and the connection ends when the body has come, or after a second. On HTTP/2 only the request's own stream ends.
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
    // Asks the client to stop sending, once the answer is on its way (RFC 9113, section 8.1).
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
  // The response is written whole and never ended: at its end Node would let go of the connection with bytes unread, which resets it,
  // and the reset overtakes the answer.
  own.write(body);
  own.flushHeaders();
  const timer = setTimeout(() => socket.destroy(), LINGER);
  socket.once("close", () => clearTimeout(timer));
  request.once("end", () => socket.destroySoon());
  request.resume();
}
