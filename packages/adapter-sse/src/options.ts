/** Options of the server half, with their defaults. */
import { checkOptions, flag, type OptionRules } from "@bellwire/core/adapter";
import { isAllowedOrigins } from "@bellwire/core/http";
import { type AllowedOrigins } from "@bellwire/core/server";

/** Options of `sseHandler`. */
export interface SseHandlerOptions {
  /**
   * Origins of the web pages that may connect, beside the server's own: `["https://app.example.com"]`. Its own has the scheme, host and
   * port of the request; behind a proxy that ends TLS, by the headers `Host` and `X-Forwarded-Proto`, which it must pass on. `"*"` allows
   * every page and then refuses requests that carry cookies. Default: none.
   */
  readonly allowedOrigins?: AllowedOrigins;
  /**
   * Accepts `?token=` from clients that can set no header, such as EventSource in a browser. URLs end up in logs and histories:
   * have them redacted there. Default: false, and a request that brings a token in its URL is refused.
   */
  readonly allowQueryToken?: boolean;
  /** Milliseconds between two comments on a stream, which keep proxies from closing it as idle. Default: 15,000. */
  readonly comment?: number;
}

/** Options of `attachSse`. */
export interface SseServerOptions extends SseHandlerOptions {
  /** The path that is served, for the stream and for the way back. Default: `/bellwire/sse`. */
  readonly path?: string;
}

/** Every option, set. */
export type SseSettings = Required<SseServerOptions>;

const DEFAULTS: SseSettings = {
  path: "/bellwire/sse",
  allowedOrigins: [],
  allowQueryToken: false,
  comment: 15_000,
};

/** The longest time that the platform's timers take; a longer one would fire at once. */
const LONGEST_TIMER = 2_147_483_647;

const HANDLER_RULES: OptionRules = {
  allowedOrigins: {
    allowed: `"*" or an array of origins such as "https://app.example.com", without a path and without the scheme's own port`,
    test: isAllowedOrigins,
  },
  allowQueryToken: flag,
  comment: {
    allowed: `a whole number from 1 to ${LONGEST_TIMER}`,
    test: (value) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= LONGEST_TIMER,
  },
};

const SERVER_RULES: OptionRules = {
  path: {
    allowed: `a path such as "/bellwire/sse", without a query`,
    test: (value) => typeof value === "string" && /^\/[^?#\s]*$/.test(value),
  },
  ...HANDLER_RULES,
};

/** The options of `attachSse` with defaults. Throws `invalid_option` naming the path and what is allowed. */
export function serverSettings(options: SseServerOptions): SseSettings {
  checkOptions("attachSse", options, SERVER_RULES);
  return withDefaults(options);
}

/** The options of `sseHandler` with defaults. Throws `invalid_option` naming the path and what is allowed. */
export function handlerSettings(options: SseHandlerOptions): SseSettings {
  checkOptions("sseHandler", options, HANDLER_RULES);
  return withDefaults(options);
}

/** An option that is there and undefined has its default, too. */
function withDefaults(options: SseServerOptions): SseSettings {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return { ...DEFAULTS, ...Object.fromEntries(given) };
}
