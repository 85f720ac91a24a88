/** One request of a Node HTTP server, as the endpoint sees it. */
import type { ServerResponse } from "node:http";
import type { Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import {
  type BodyFailure,
  type HttpReply,
  type HttpRequest,
  type HttpResponse,
  isHttp2,
  isSecure,
  isUnread,
  markLast,
  readBody,
  reply,
  singleHeaders,
} from "@bellwire/core/http";
import type { Exchange, Sink } from "./exchange.ts";
import type { Wire } from "./wire.ts";

/** The encodings of the two framings: chunks, and the bare text for HTTP/1.0, which has no chunks, and HTTP/2, which has its own. */
export interface NodeWires {
  readonly chunked: Wire;
  readonly bare: Wire;
}

/** Puts text into one chunk of HTTP/1.1, so that one buffer, written once to each socket, serves all streams. */
export function chunk(text: string): Uint8Array {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

export class NodeExchange implements Exchange {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly #request: HttpRequest;
  readonly #response: HttpResponse;
  readonly #wires: NodeWires;

  constructor(request: HttpRequest, response: HttpResponse, wires: NodeWires) {
    this.headers = singleHeaders(request);
    this.#request = request;
    this.#response = response;
    this.#wires = wires;
  }

  get method(): string {
    return this.#request.method ?? "";
  }

  get url(): string {
    return this.#request.url ?? "";
  }

  get remoteAddress(): string | undefined {
    return this.#request.socket.remoteAddress;
  }

  get secure(): boolean {
    return isSecure(this.#request);
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
      return new StreamSink(stream, this.#wires.bare, () => void stream.destroy());
    }
    const response = this.#response as ServerResponse;
    const { socket } = response;
    const chunked = request.httpVersionMinor >= 1 && socket !== null;
    // The connection goes with its stream: a server that shuts down need not wait for it to become idle.
    response.writeHead(200, {
      ...headers,
      connection: "close",
      ...(chunked && { "transfer-encoding": "chunked" }),
    });
    // Headers and the first event leave as one segment.
    socket?.cork();
    process.nextTick(() => socket?.uncork());
    response.flushHeaders();
    if (chunked) return new SocketSink(response, socket, this.#wires.chunked);
    return new StreamSink(response, this.#wires.bare, () => void request.socket.destroy());
  }

  body(limit: number): Promise<Uint8Array | BodyFailure> {
    return readBody(this.#request, limit);
  }

  onEnd(callback: () => void): void {
    const request = this.#request;
    const response = this.#response;
    // A response that waits behind another has no connection yet, and says nothing when that one is lost.
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

/** Writes framed bytes straight to the socket: one system call for a batch, and nothing copied for each stream. */
class SocketSink implements Sink {
  readonly wire: Wire;
  readonly #response: ServerResponse;
  readonly #socket: Socket;
  #over = false;

  constructor(response: ServerResponse, socket: Socket, wire: Wire) {
    this.#response = response;
    this.#socket = socket;
    this.wire = wire;
  }

  get buffered(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    // A socket that the peer has ended reports a write as an error, which the server would take for a broken request.
    if (!this.#over && this.#socket.writable) this.#socket.write(bytes);
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#response.end();
  }

  destroy(): void {
    this.#over = true;
    this.#socket.destroy();
  }
}

/** What frames by itself: a stream of HTTP/2, and a response on HTTP/1.0 or behind another, which gets its socket when its turn comes. */
interface Framed {
  readonly writableLength: number;
  readonly writableEnded: boolean;
  readonly destroyed: boolean;
  write(bytes: Uint8Array): boolean;
  end(): unknown;
}

class StreamSink implements Sink {
  readonly wire: Wire;
  readonly #framed: Framed;
  readonly #cut: () => void;

  constructor(framed: Framed, wire: Wire, cut: () => void) {
    this.#framed = framed;
    this.wire = wire;
    this.#cut = cut;
  }

  get buffered(): number {
    return this.#framed.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (!this.#framed.writableEnded && !this.#framed.destroyed) this.#framed.write(bytes);
  }

  end(): void {
    this.#framed.end();
  }

  destroy(): void {
    this.#cut();
  }
}
