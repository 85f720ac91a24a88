/** Options of the server half of the SSE transport. */
import { checkOptions, flag, type OptionRules, withDefaults } from "@bellwire/core/adapter";
import { allowedOriginsRule, type OriginOptions, pathRule } from "@bellwire/core/http";

// ── Options ──

/** Options of `sseHandler`. */
export interface SseHandlerOptions extends OriginOptions {
  /**
   * Accepts `?token=` from clients that can set no header, such as EventSource in a browser. URLs
   * end up in logs and histories, so have tokens redacted there. Default: false, and a request with
   * a token in its URL is refused.
   */
  readonly allowQueryToken?: boolean;
  /**
   * Milliseconds between two comments on a stream. Comments keep proxies from closing an idle
   * stream. Default: 15,000.
   */
  readonly comment?: number;
}

/** Options of `attachSse`. */
export interface SseServerOptions extends SseHandlerOptions {
  /** The path of the stream and of the requests up. Default: `/bellwire/sse`. */
  readonly path?: string;
}

// ── Defaults ──

/** Every option, set. */
export type SseSettings = Required<SseServerOptions>;

const DEFAULTS: SseSettings = {
  path: "/bellwire/sse",
  allowedOrigins: [],
  allowQueryToken: false,
  comment: 15_000,
};

// ── Rules ──

/**
 * The longest time in milliseconds that the platform's timers take; a longer one would fire at
 * once.
 */
const LONGEST_TIMER = 2_147_483_647;

const HANDLER_RULES: OptionRules = {
  allowedOrigins: allowedOriginsRule,
  allowQueryToken: flag,
  comment: {
    allowed: `a whole number from 1 to ${LONGEST_TIMER}`,
    test: (value) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= LONGEST_TIMER,
  },
};

const RULES: OptionRules = {
  path: pathRule(DEFAULTS.path),
  ...HANDLER_RULES,
};

// ── Settings ──

/** The options of `attachSse` with defaults. Throws `invalid_option`. */
export function serverSettings(options: SseServerOptions): SseSettings {
  checkOptions("attachSse", options, RULES);
  return withDefaults(DEFAULTS, options);
}

/** The options of `sseHandler` with defaults. Throws `invalid_option`. */
export function handlerSettings(options: SseHandlerOptions): SseSettings {
  checkOptions("sseHandler", options, HANDLER_RULES);
  return withDefaults(DEFAULTS, options);
}
