/** One request of a server that speaks in `Request` and `Response`, as the endpoint sees it. */
import type { EventEmitter } from "node:events";
import {
  BODY_TIME,
  type BodyFailure,
  type HttpReply,
  type HttpRequest,
  isHttp2,
  markLast,
  unmarkLast,
} from "@bellwire/core/http";
import type { Exchange, Sink } from "./exchange.ts";
import type { SseConnection } from "./sse-handler.ts";
import type { Wire } from "./wire.ts";

export class FetchExchange implements Exchange {
  /** Resolves once the endpoint has answered. */
  readonly response: Promise<Response>;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly remoteAddress: string | undefined;
  readonly #request: Request;
  readonly #incoming: HttpRequest | undefined;
  readonly #wire: Wire;
  readonly #onEnd: (() => void)[] = [];
  #respond: (response: Response) => void = () => {};
  #over = false;

  constructor(request: Request, { remoteAddress, incoming }: SseConnection, wire: Wire) {
    this.#request = request;
    this.#incoming = incoming;
    this.#wire = wire;
    this.remoteAddress = remoteAddress ?? incoming?.socket.remoteAddress;
    // Not every server hands the Host header on; the URL was made from it.
    this.headers = { host: new URL(request.url).host, ...Object.fromEntries(request.headers) };
    this.response = new Promise((resolve) => {
      this.#respond = resolve;
    });
    request.signal.addEventListener("abort", this.#end, { once: true });
    this.#carrier?.once("close", this.#end);
  }

  get method(): string {
    return this.#request.method;
  }

  get url(): string {
    return this.#request.url;
  }

  get secure(): boolean {
    return this.#request.url.startsWith("https:");
  }

  /** A `Request` to GET something never has one. */
  get hasBody(): boolean {
    return this.#request.body !== null;
  }

  claim(): void {
    if (this.#incoming) markLast(this.#incoming);
  }

  reply({ status, headers, body }: HttpReply): void {
    if (this.#incoming) unmarkLast(this.#incoming);
    this.#respond(new Response(status === 204 ? null : body, { status, headers }));
    this.#end();
  }

  stream(headers: Readonly<Record<string, string>>): Sink {
    const sink = new StreamSink(this.#wire, this.#end);
    this.#respond(new Response(sink.readable, { status: 200, headers }));
    return sink;
  }

  async body(limit: number): Promise<Uint8Array | BodyFailure> {
    if (Number(this.headers["content-length"]) > limit) return "too_large";
    const reader = this.#request.body?.getReader();
    if (!reader) return new Uint8Array();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<"timeout">((resolve) => {
      timer = setTimeout(() => resolve("timeout"), BODY_TIME);
    });
    const result = await Promise.race([readAll(reader, limit), late]);
    clearTimeout(timer);
    if (typeof result === "string") reader.cancel().catch(() => {});
    return result;
  }

  onEnd(callback: () => void): void {
    if (this.#over || this.#request.signal.aborted) callback();
    else this.#onEnd.push(callback);
  }

  /** What the response goes over, as far as the server around us says. */
  get #carrier(): Pick<EventEmitter, "once" | "off"> | undefined {
    const incoming = this.#incoming;
    return incoming && (isHttp2(incoming) ? incoming.stream : incoming.socket);
  }

  readonly #end = (): void => {
    if (this.#over) return;
    this.#over = true;
    this.#carrier?.off("close", this.#end);
    for (const callback of this.#onEnd) callback();
  };
}

async function readAll(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  limit: number,
): Promise<Uint8Array | BodyFailure> {
  const parts: Uint8Array[] = [];
  let size = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.byteLength;
      if (size > limit) return "too_large";
      parts.push(value);
    }
  } catch {
    return "lost";
  }
  const body = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    body.set(part, at);
    at += part.byteLength;
  }
  return body;
}

/**
 * The body of a streaming `Response`. It is not a byte stream: those take a buffer away from whoever writes it, and ours are
 * shared by all streams.
 */
class StreamSink implements Sink {
  readonly wire: Wire;
  readonly readable: ReadableStream<Uint8Array>;
  readonly #ended: () => void;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #ending = false;
  #over = false;

  constructor(wire: Wire, ended: () => void) {
    this.wire = wire;
    this.#ended = ended;
    this.readable = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        // Asked for more: everything before was taken.
        pull: () => {
          if (this.#ending) this.#close();
        },
        cancel: () => {
          this.#over = true;
          this.#ended();
        },
      },
      { highWaterMark: 0, size: ({ byteLength }) => byteLength },
    );
  }

  get buffered(): number {
    return Math.max(0, -(this.#controller?.desiredSize ?? 0));
  }

  write(bytes: Uint8Array): void {
    if (!this.#over && !this.#ending) this.#controller?.enqueue(bytes);
  }

  end(): void {
    if (this.#over || this.#ending) return;
    this.#ending = true;
    if (this.buffered === 0) this.#close();
  }

  destroy(): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller?.error(new Error("the stream was cut"));
    this.#ended();
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#controller?.close();
    this.#ended();
  }
}
