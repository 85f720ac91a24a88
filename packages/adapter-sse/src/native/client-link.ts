/** The client's end of a link. */
import { type CloseCause } from "@bellwire/core";
import {
  type ClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  type Link,
  type LinkObserver,
  type ServerMessage,
} from "@bellwire/core/adapter";
import { createParser } from "eventsource-parser";
import { refusedBy } from "./refused.ts";
import { Uplink } from "./uplink.ts";

/** The options that a link reads; the transport documents them. */
interface Options {
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  readonly fetch?: typeof fetch;
}

/** The largest message. */
export const MAX_MESSAGE_BYTES = 1_048_576;

/**
 * Characters that may arrive without completing an event: a message and its field name. Without
 * this bound an endless line would fill the memory.
 */
const LONGEST_EVENT = MAX_MESSAGE_BYTES + 1_024;

/** Milliseconds for the client's goodbye, after which the stream ends all the same. */
const GOODBYE = 1_000;

/**
 * One link: a stream, and the requests of an {@link Uplink}. It opens with the first event of the
 * stream.
 */
export class SseClientLink implements Link<ClientMessage> {
  readonly #url: string;
  readonly #options: Options;
  readonly #observer: LinkObserver<ServerMessage>;
  readonly #abort: AbortController = new AbortController();
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #uplink: Uplink | undefined;
  #closed = false;

  constructor(url: string, options: Options, observer: LinkObserver<ServerMessage>) {
    this.#url = url;
    this.#options = options;
    this.#observer = observer;
    void this.#run();
  }

  get buffered(): number {
    return this.#uplink?.buffered ?? 0;
  }

  send(batch: readonly ClientMessage[]): void {
    if (this.#closed) return;
    try {
      this.#uplink?.send(batch.map(encodeClientMessage));
    } catch {
      this.close({ code: "invalid_data", reason: "a message could not be encoded" });
    }
  }

  close(cause: CloseCause): void {
    if (this.#closed) return;
    this.#closed = true;
    // The server sees the stream end. Only a client that leaves for good says so: the hub expects
    // any other member to come back.
    if (cause.code === "normal" && this.#uplink) {
      const late = new Promise((resolve) => setTimeout(resolve, GOODBYE));
      void Promise.race([this.#uplink.leave(), late]).then(() => this.#end());
    } else this.#end();
    queueMicrotask(() => this.#observer.close(cause));
  }

  #end(): void {
    this.#abort.abort();
    // Node's fetch refers to the signal weakly: once that is collected, only the stream itself
    // leads to the connection.
    this.#reader?.cancel().catch(() => {});
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    const request: typeof fetch = this.#options.fetch ?? ((input, init) => fetch(input, init));
    let headers: Readonly<Record<string, string>> = {};
    let response: Response;
    try {
      headers = (await this.#options.headers?.()) ?? {};
      if (this.#closed) return;
      response = await request(this.#url, {
        headers: { ...headers, accept: "text/event-stream" },
        cache: "no-store",
        // A redirect could take the headers, and every command, to another server.
        redirect: "error",
        signal,
      });
    } catch {
      return this.close({
        code: "link_lost",
        reason: "no connection, or none for this page: see the server's log",
      });
    }
    if (this.#closed) return;
    if (response.status !== 200) return this.close(await refusedBy(response));
    if (!/^text\/event-stream *(;|$)/i.test(response.headers.get("content-type") ?? "") || !response.body) {
      return this.close({ code: "link_lost", reason: "not an event stream" });
    }
    const lost = (cause: CloseCause): void => this.close(cause);
    const uplink = new Uplink((init) => request(this.#url, { ...init, signal }), headers, lost);
    this.#reader = response.body.getReader();
    await this.#read(this.#reader, uplink);
  }

  async #read(reader: ReadableStreamDefaultReader<Uint8Array>, uplink: Uplink): Promise<void> {
    const decoder = new TextDecoder();
    let pending = 0;
    const parser = createParser({
      onEvent: ({ event = "message", data }) => {
        pending = 0;
        if (!this.#closed) this.#event(event, data, uplink);
      },
      onComment: () => {
        pending = 0;
      },
    });
    while (!this.#closed) {
      let chunk: Uint8Array | undefined;
      try {
        chunk = (await reader.read()).value;
      } catch {
        // This side aborted the stream, or it broke: the end is the same.
      }
      if (!chunk) return this.close({ code: "link_lost", reason: "the stream ended" });
      const text = decoder.decode(chunk, { stream: true });
      pending += text.length;
      parser.feed(text);
      if (pending > LONGEST_EVENT)
        this.close({ code: "malformed", reason: "an event exceeds the largest message" });
    }
  }

  #event(event: string, data: string, uplink: Uplink): void {
    if (!this.#uplink) {
      const id = event === "link" ? linkId(data) : undefined;
      if (id === undefined)
        return this.close({ code: "malformed", reason: "the stream does not begin with its link" });
      uplink.link = id;
      this.#uplink = uplink;
      return this.#observer.open();
    }
    // Other events are for other clients.
    if (event !== "message") return;
    const decoded = decodeServerMessage(data);
    if (!decoded.ok) return this.#observer.malformed(decoded.reason);
    const { message } = decoded;
    if (message.type === "bye") {
      return this.close({ code: message.code, reason: message.reason, retryAfter: message.retryAfter });
    }
    if (message.type === "welcome") uplink.limit = message.maxMessageBytes;
    this.#observer.message(message);
  }
}

/**
 * The link's id in the first event. It goes back as a header, so only characters of headers are
 * taken.
 */
function linkId(data: string): string | undefined {
  try {
    const { link } = JSON.parse(data) as { link?: unknown };
    return typeof link === "string" && /^[\w-]{16,128}$/.test(link) ? link : undefined;
  } catch {
    return undefined;
  }
}
