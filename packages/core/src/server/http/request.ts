/** Requests and responses of Node's HTTP servers, of HTTP/1 and HTTP/2, and facts about them. */
import type { IncomingMessage, Server as PlainServer, ServerResponse } from "node:http";
import type { Http2SecureServer, Http2Server, Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { Server as SecureServer } from "node:https";
import type { Handshake } from "../handshake.ts";

/** A server that an adapter can be mounted on: of `node:http`, `node:https` or `node:http2`. */
export type HttpServer = PlainServer | SecureServer | Http2Server | Http2SecureServer;
/** The request that a listener of `request` receives. */
export type HttpRequest = IncomingMessage | Http2ServerRequest;
/** The response that a listener of `request` writes to. */
export type HttpResponse = ServerResponse | Http2ServerResponse;

/** Facts about a request that decide whether it may go on, whichever server received it. */
export interface RequestFacts {
  /** Lower-case names, one string for each. */
  readonly headers: Handshake["headers"];
  readonly remoteAddress: string | undefined;
  /** Whether the request came over TLS, as far as this process knows. */
  readonly secure: boolean;
}

/** The facts about a request of a Node server. */
export function factsOf(request: HttpRequest): RequestFacts {
  const { remoteAddress } = request.socket;
  return { headers: singleHeaders(request), remoteAddress, secure: isSecure(request) };
}

/** The handshake that an adapter gives to the hub with a link that a request opened. */
export function handshakeOf(transport: string, { headers, remoteAddress }: RequestFacts): Handshake {
  return { transport, headers, remoteAddress };
}

/** The path of a request, without its query. */
export function pathOf({ url = "" }: { readonly url?: string | undefined }): string {
  return url.split("?", 1)[0] ?? "";
}

/** The query of a request; empty when its URL has none. */
export function queryOf({ url = "" }: { readonly url?: string | undefined }): URLSearchParams {
  const at = url.indexOf("?");
  return new URLSearchParams(at < 0 ? "" : url.slice(at + 1));
}

/** Whether the request came to this process over TLS. */
export function isSecure(request: HttpRequest): boolean {
  return (
    (request.socket as { encrypted?: boolean }).encrypted === true || request.headers[":scheme"] === "https"
  );
}

/** Whether the request came on a stream of HTTP/2, beside others on the same connection. */
export function isHttp2(request: HttpRequest): request is Http2ServerRequest {
  // `httpVersion` proves nothing: on a connection of HTTP/1 the request line may say "HTTP/2.0".
  return "stream" in request;
}

/** Whether the request announced a body that has not arrived completely. */
export function isUnread(request: HttpRequest): boolean {
  if (request.complete) return false;
  if (isHttp2(request)) return !request.stream.endAfterHeaders;
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  return encoding !== undefined || (length !== undefined && Number(length) !== 0);
}

/** Headers with one string for each name; a header that came several times is joined by ", ". */
export function singleHeaders({ headers }: HttpRequest): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}
