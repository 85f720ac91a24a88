/** One request of a server that speaks in `Request` and `Response`. */
import type { EventEmitter } from "node:events";
import {
  type BodyFailure,
  type HttpReply,
  type HttpRequest,
  isHttp2,
  markLast,
  type RequestFacts,
  unmarkLast,
} from "@bellwire/core/http";
import type { Encoding } from "./encoding.ts";
import type { Exchange, Sink } from "./exchange.ts";
import { readFetchBody } from "./fetch-body.ts";
import { FetchSink } from "./fetch-sink.ts";

/** Facts about the connection that the surrounding server may know. */
interface Connection {
  readonly remoteAddress?: string;
  /** Node's own request, when the surrounding server is one of Node's. */
  readonly incoming?: HttpRequest;
}

/** An exchange whose answer is a `Response`. */
export class FetchExchange implements Exchange {
  /** Resolves when the endpoint has answered. */
  readonly response: Promise<Response>;
  readonly headers: RequestFacts["headers"];
  readonly remoteAddress: string | undefined;
  readonly #request: Request;
  readonly #incoming: HttpRequest | undefined;
  readonly #encoding: Encoding;
  readonly #onEnd: (() => void)[] = [];
  #respond: (response: Response) => void = () => {};
  #over = false;

  constructor(request: Request, { remoteAddress, incoming }: Connection, encoding: Encoding) {
    this.#request = request;
    this.#incoming = incoming;
    this.#encoding = encoding;
    this.remoteAddress = remoteAddress ?? incoming?.socket.remoteAddress;
    // Some servers do not pass on the Host header, but make the URL of it.
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

  /** False for every GET: a `Request` with that method cannot have a body. */
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
    const sink = new FetchSink(this.#encoding, this.#end);
    this.#respond(new Response(sink.readable, { status: 200, headers }));
    return sink;
  }

  body(limit: number): Promise<Uint8Array | BodyFailure> {
    return readFetchBody(this.#request, limit);
  }

  onEnd(callback: () => void): void {
    if (this.#over || this.#request.signal.aborted) callback();
    else this.#onEnd.push(callback);
  }

  /** The connection or the stream under the response, if the surrounding server passed it on. */
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
