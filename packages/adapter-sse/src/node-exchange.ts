/** One request of a Node HTTP server, as the endpoint sees it. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { BodyFailure, Exchange, Reply, Sink } from "./exchange.ts";
import type { Wire } from "./wire.ts";

/** Milliseconds for which the rest of a refused body is read and thrown away, so that the client gets to see the answer. */
const LINGER = 1_000;

/** The encodings of the two framings: chunks, and the bare text for HTTP/1.0, which proxies still speak and has no chunks. */
export interface NodeWires {
  readonly chunked: Wire;
  readonly bare: Wire;
}

/** Puts text into one chunk of HTTP/1.1, so that one buffer, written once to each socket, serves all streams. */
export function chunk(text: string): Uint8Array {
  return Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
}

export class NodeExchange implements Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #wires: NodeWires;

  constructor(request: IncomingMessage, response: ServerResponse, wires: NodeWires) {
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

  get headers(): Readonly<Record<string, string | undefined>> {
    // Only `set-cookie` is ever an array, and no request has it.
    return this.#request.headers as Record<string, string | undefined>;
  }

  get remoteAddress(): string | undefined {
    return this.#request.socket.remoteAddress;
  }

  reply({ status, headers, body }: Reply): void {
    const request = this.#request;
    const response = this.#response;
    if (response.destroyed) return;
    const whole = request.complete || request.method === "GET";
    response.writeHead(status, {
      ...headers,
      ...(status !== 204 && { "content-length": Buffer.byteLength(body) }),
      // A body that was not read to its end leaves nothing that a next request could follow.
      ...(!whole && { connection: "close" }),
    });
    if (whole) return void response.end(body);
    // Closing with bytes unread resets the connection, and the reset overtakes the answer. Give the client a moment to read it.
    response.write(body);
    const end = (): void => void response.end();
    const timer = setTimeout(end, LINGER);
    response.once("close", () => clearTimeout(timer));
    request.once("end", end);
    request.resume();
  }

  stream(headers: Readonly<Record<string, string>>): Sink {
    const request = this.#request;
    const response = this.#response;
    const socket = response.socket;
    const chunked = request.httpVersionMajor === 1 && request.httpVersionMinor >= 1 && socket !== null;
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
    return new ResponseSink(response, this.#wires.bare);
  }

  body(limit: number, ms: number): Promise<Uint8Array | BodyFailure> {
    const request = this.#request;
    if (Number(request.headers["content-length"]) > limit) return Promise.resolve("too_large");
    return new Promise((resolve) => {
      const parts: Buffer[] = [];
      let size = 0;
      const finish = (result: Uint8Array | BodyFailure): void => {
        clearTimeout(timer);
        request.off("data", onData);
        resolve(result);
      };
      const onData = (part: Buffer): void => {
        size += part.length;
        if (size > limit) finish("too_large");
        else parts.push(part);
      };
      const timer = setTimeout(() => finish("timeout"), ms);
      request.on("data", onData);
      request.once("end", () => finish(parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts)));
      request.once("error", () => finish("lost"));
      request.once("close", () => finish("lost"));
    });
  }

  onEnd(callback: () => void): void {
    if (this.#response.destroyed) callback();
    else this.#response.once("close", callback);
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

/** Writes through the response: on HTTP/1.0, and for a pipelined request, which gets its socket only when its turn comes. */
class ResponseSink implements Sink {
  readonly wire: Wire;
  readonly #response: ServerResponse;

  constructor(response: ServerResponse, wire: Wire) {
    this.#response = response;
    this.wire = wire;
  }

  get buffered(): number {
    return this.#response.writableLength;
  }

  write(bytes: Uint8Array): void {
    if (!this.#response.writableEnded && !this.#response.destroyed) this.#response.write(bytes);
  }

  end(): void {
    this.#response.end();
  }

  destroy(): void {
    this.#response.destroy();
  }
}
