/** Requests and responses of Node's HTTP servers, whichever version of the protocol they speak. */
import type { IncomingMessage, Server as PlainServer, ServerResponse } from "node:http";
import type { Http2SecureServer, Http2Server, Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Server as SecureServer } from "node:https";

/** A server that an adapter can be attached to: of `node:http`, `node:https` or `node:http2`. */
export type HttpServer = PlainServer | SecureServer | Http2Server | Http2SecureServer;
/** What a listener of `request` gets. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;
/** What a listener of `request` answers with. */
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** Headers as `authenticate` gets them: one string each. */
export function singleHeaders({ headers }: HttpRequest): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}

/** The path of a request, without its query. */
export function pathOf({ url = "" }: HttpRequest): string {
  return url.split("?", 1)[0] ?? "";
}

/** Whether the request came to this process over TLS. */
export function isSecure(request: HttpRequest): boolean {
  return (
    (request.socket as { encrypted?: boolean }).encrypted === true || request.headers[":scheme"] === "https"
  );
}

/** Whether a stream of HTTP/2 carries the request, beside others on its connection. */
export function isHttp2(request: HttpRequest): request is Http2ServerRequest {
  // The version in the request line is only a claim: on a connection of HTTP/1 it may be "HTTP/2.0".
  return "stream" in request;
}

/** Whether a body was announced that has not come whole. */
export function isUnread(request: HttpRequest): boolean {
  if (request.complete) return false;
  if (isHttp2(request)) return !request.stream.endAfterHeaders;
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  return encoding !== undefined || (length !== undefined && Number(length) !== 0);
}
