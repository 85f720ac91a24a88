/** Options of the server half of the WebSocket transport. */
import { checkOptions, type OptionRules, withDefaults } from "@bellwire/core/adapter";
import { allowedOriginsRule, type OriginOptions, pathRule } from "@bellwire/core/http";

// ── Options ──

/** Options of `attachWebSocket`. */
export interface WebSocketServerOptions extends OriginOptions {
  /** The path of the upgrade request. Default: `/bellwire`. */
  readonly path?: string;
}

// ── Defaults ──

/** Every option, set. */
export type WebSocketSettings = Required<WebSocketServerOptions>;

const DEFAULTS: WebSocketSettings = {
  path: "/bellwire",
  allowedOrigins: [],
};

// ── Rules ──

const RULES: OptionRules = {
  path: pathRule(DEFAULTS.path),
  allowedOrigins: allowedOriginsRule,
};

// ── Settings ──

/** The options of `attachWebSocket` with defaults. Throws `invalid_option`. */
export function serverSettings(options: WebSocketServerOptions): WebSocketSettings {
  checkOptions("attachWebSocket", options, RULES);
  return withDefaults(DEFAULTS, options);
}
