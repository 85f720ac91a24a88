/** One request of a Node HTTP server. */
import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import {
  type BodyFailure,
  factsOf,
  type HttpReply,
  type HttpRequest,
  type HttpResponse,
  isHttp2,
  isUnread,
  markLast,
  type RequestFacts,
  readBody,
  reply,
} from "@bellwire/core/http";
import type { Encoding } from "./encoding.ts";
import type { Exchange, Sink } from "./exchange.ts";
import { SocketSink, StreamSink } from "./node-sinks.ts";

/**
 * The encodings of two framings: chunks of HTTP/1.1, and bare text for HTTP/1.0, which has no
 * chunks, and HTTP/2, which frames by itself.
 */
export interface NodeEncodings {
  readonly chunked: Encoding;
  readonly bare: Encoding;
}

/**
 * Puts text into one chunk of HTTP/1.1, so that one buffer, written once to each socket, serves all
 * streams.
 */
export function chunk(text: string): Uint8Array {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

/** An exchange over HTTP/1 or HTTP/2. */
export class NodeExchange implements Exchange {
  readonly headers: RequestFacts["headers"];
  readonly remoteAddress: string | undefined;
  readonly secure: boolean;
  readonly #request: HttpRequest;
  readonly #response: HttpResponse;
  readonly #encodings: NodeEncodings;

  constructor(request: HttpRequest, response: HttpResponse, encodings: NodeEncodings) {
    const { headers, remoteAddress, secure } = factsOf(request);
    this.headers = headers;
    this.remoteAddress = remoteAddress;
    this.secure = secure;
    this.#request = request;
    this.#response = response;
    this.#encodings = encodings;
  }

  get method(): string {
    return this.#request.method ?? "";
  }

  get url(): string {
    return this.#request.url ?? "";
  }

  get hasBody(): boolean {
    return isUnread(this.#request);
  }

  claim(): void {
    markLast(this.#request);
  }

  reply(answer: HttpReply): void {
    reply(this.#request, this.#response, answer);
  }

  stream(headers: Readonly<Record<string, string>>): Sink {
    const request = this.#request;
    if (isHttp2(request)) {
      const response = this.#response as Http2ServerResponse;
      response.writeHead(200, headers);
      const { stream } = request;
      return new StreamSink(stream, this.#encodings.bare, () => void stream.destroy());
    }
    const response = this.#response as ServerResponse;
    const { socket } = response;
    const chunked = request.httpVersionMinor >= 1 && socket !== null;
    // The connection ends with its stream, so a server that shuts down need not wait until it is
    // idle.
    response.writeHead(200, {
      ...headers,
      connection: "close",
      ...(chunked && { "transfer-encoding": "chunked" }),
    });
    // Headers and the first event leave as one segment.
    socket?.cork();
    process.nextTick(() => socket?.uncork());
    response.flushHeaders();
    if (chunked) return new SocketSink(response, socket, this.#encodings.chunked);
    return new StreamSink(response, this.#encodings.bare, () => void request.socket.destroy());
  }

  body(limit: number): Promise<Uint8Array | BodyFailure> {
    return readBody(this.#request, limit);
  }

  onEnd(callback: () => void): void {
    const request = this.#request;
    const response = this.#response;
    // A response that waits behind another has no socket yet, and does not report the loss of it.
    const carrier = isHttp2(request) ? request.stream : request.socket;
    if (carrier.destroyed) return callback();
    const end = (): void => {
      carrier.off("close", end);
      response.off("close", end);
      callback();
    };
    carrier.on("close", end);
    response.on("close", end);
  }
}
