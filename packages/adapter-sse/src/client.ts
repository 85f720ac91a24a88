/** The client half of the SSE wire: a stream of events down, numbered requests up. For browsers, Node, Deno and Bun. */
import { type Capabilities, type CloseCause, type Transport } from "@bellwire/core";
import {
  type ClientMessage,
  callable,
  checkOptions,
  decodeServerMessage,
  encodeClientMessage,
  type Link,
  type LinkObserver,
  type OptionRules,
  type ServerMessage,
} from "@bellwire/core/adapter";
import { createParser } from "eventsource-parser";
import { refusedBy } from "./refused.ts";
import { Uplink } from "./uplink.ts";

/** What SSE with requests for the way back can do. */
export const SSE_CAPABILITIES = {
  history: "emulated",
  // Down by the stream itself; up by the numbers of the commands.
  order: "native",
  acknowledgement: "emulated",
  clientPublish: "emulated",
  presence: "emulated",
  binary: "none",
  maxMessageBytes: 1_048_576,
} as const satisfies Capabilities;

/** Options of {@link sseTransport}. */
export interface SseTransportOptions {
  /** `http:` or `https:`; in a browser it may be relative to the page. The server's default path is `/bellwire/sse`. */
  readonly url: string | URL;
  /**
   * Headers to send along, asked for once per link. From a page of another origin they cost a preflight. The channel's token needs
   * none: it travels in the first message.
   */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Default: the platform's own. Give one to send cookies to another origin, or to go through a proxy. */
  readonly fetch?: typeof fetch;
}

/** Characters that may come without an event ending, a message and its field name: an endless line must not fill the memory. */
const PATIENCE = SSE_CAPABILITIES.maxMessageBytes + 1_024;

/**
 * Makes links over server-sent events. Throws `invalid_option` when `url` is not one of http or https. A link fails with
 * `unauthorized` (401), `forbidden` (403), `too_large` (413), `rate_limited` (429) or `overloaded` (503, with `Retry-After`), and
 * with `link_lost` at any other status, a wrong content type, a redirect or a broken connection. The reason is the server's own: `HTTP
 * 403: the origin "https://…" is not allowed …`, where a page may read the response.
 */
export function sseTransport(options: SseTransportOptions): Transport<typeof SSE_CAPABILITIES> {
  checkOptions("sseTransport", options, RULES, ["url"]);
  const url = resolved(options.url) ?? "";
  return {
    name: "sse",
    capabilities: SSE_CAPABILITIES,
    connect: (observer) => new SseLink(url, options, observer),
  };
}

/** Milliseconds for saying goodbye, after which the stream ends all the same. */
const GOODBYE = 1_000;

const RULES: OptionRules = {
  url: { allowed: "an http: or https: URL", test: (value) => resolved(value) !== undefined },
  headers: callable,
  fetch: callable,
};

function resolved(url: unknown): string | undefined {
  if (typeof url !== "string" && !(url instanceof URL)) return undefined;
  // A page is where relative URLs start; other runtimes have none.
  const base = (globalThis as { location?: { href?: string } }).location?.href;
  if (!URL.canParse(url, base)) return undefined;
  const found = new URL(url, base);
  found.hash = "";
  return /^https?:$/.test(found.protocol) ? found.href : undefined;
}

class SseLink implements Link<ClientMessage> {
  readonly #url: string;
  readonly #options: SseTransportOptions;
  readonly #observer: LinkObserver<ServerMessage>;
  readonly #abort: AbortController = new AbortController();
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #uplink: Uplink | undefined;
  #closed = false;

  constructor(url: string, options: SseTransportOptions, observer: LinkObserver<ServerMessage>) {
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
    // The server sees the stream end. Only who leaves for good says so: to the hub any other member may be on its way back.
    if (cause.code === "normal" && this.#uplink) {
      const late = new Promise((resolve) => setTimeout(resolve, GOODBYE));
      void Promise.race([this.#uplink.leave(), late]).then(() => this.#end());
    } else this.#end();
    queueMicrotask(() => this.#observer.close(cause));
  }

  #end(): void {
    this.#abort.abort();
    // Node's fetch holds the signal weakly: once that is collected, only the stream itself still leads to the connection.
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
        // Aborted by us, or broken: the same end.
      }
      if (!chunk) return this.close({ code: "link_lost", reason: "the stream ended" });
      const text = decoder.decode(chunk, { stream: true });
      pending += text.length;
      parser.feed(text);
      if (pending > PATIENCE) this.close({ code: "malformed", reason: "an event without end" });
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

/** The id is sent back as a header, so it must be able to be one. */
function linkId(data: string): string | undefined {
  try {
    const { link } = JSON.parse(data) as { link?: unknown };
    return typeof link === "string" && /^[\w-]{16,128}$/.test(link) ? link : undefined;
  } catch {
    return undefined;
  }
}
