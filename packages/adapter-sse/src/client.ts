/**
 * The client half of the SSE transport: a stream of events down, numbered requests up. It needs
 * nothing but the platform's fetch.
 */
import { type Capabilities, type Transport } from "@bellwire/core";
import { callable, checkOptions, type OptionRules, pageUrl } from "@bellwire/core/adapter";
import { MAX_MESSAGE_BYTES, SseClientLink } from "./native/client-link.ts";

// ── Capabilities ──

/** The capabilities of the SSE transport. */
export const SSE_CAPABILITIES = {
  history: "emulated",
  paging: "emulated",
  // Down by the stream itself; up by the numbers of the commands.
  order: "native",
  acknowledgement: "emulated",
  clientPublish: "emulated",
  presence: "emulated",
  binary: "none",
  maxMessageBytes: MAX_MESSAGE_BYTES,
} as const satisfies Capabilities;

// ── Options ──

/** Options of {@link sseTransport}. */
export interface SseTransportOptions {
  /**
   * `http:` or `https:`; in a browser it may be relative to the page. The server's default path is
   * `/bellwire/sse`.
   */
  readonly url: string | URL;
  /**
   * Headers to send along, asked for once per link. From a page of another origin they cost a
   * preflight. The channel's token needs none: it travels in the first message.
   */
  readonly headers?: () => Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** Default: the platform's own. Give one to send cookies to another origin, or to use a proxy. */
  readonly fetch?: typeof fetch;
}

const RULES: OptionRules = {
  url: { allowed: "an http: or https: URL", test: (value) => resolved(value) !== undefined },
  headers: callable,
  fetch: callable,
};

function resolved(value: unknown): string | undefined {
  const url = pageUrl(value);
  if (!url || !/^https?:$/.test(url.protocol)) return undefined;
  url.hash = "";
  return url.href;
}

// ── Transport ──

/**
 * Makes links over server-sent events. A link fails with `unauthorized` (401), `forbidden` (403),
 * `too_large` (413), `rate_limited` (429) or `overloaded` (503, with `Retry-After`), and with
 * `link_lost` at any other status, a wrong content type, a redirect or a broken connection. The
 * reason is the server's own, `HTTP 403: the origin "https://…" is not allowed …`, where a page may
 * read the response. Throws `invalid_option`.
 */
export function sseTransport(options: SseTransportOptions): Transport<typeof SSE_CAPABILITIES> {
  checkOptions("sseTransport", options, RULES, ["url"]);
  const url = resolved(options.url) ?? "";
  return {
    name: "sse",
    capabilities: SSE_CAPABILITIES,
    connect: (observer) => new SseClientLink(url, options, observer),
  };
}
