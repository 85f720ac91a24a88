/** Options of the server half of the Socket.IO transport. */
import { checkOptions, type OptionRules, withDefaults } from "@bellwire/core/adapter";
import { allowedOriginsRule, type OriginOptions, pathRule } from "@bellwire/core/http";
import { NAMESPACE, PATH } from "./connection/encoding.ts";

// ── Options ──

/** Options of `attachSocketIo` on an HTTP server. */
export interface SocketIoServerOptions extends OriginOptions {
  /**
   * The path of the HTTP requests, which MUST NOT be in use by another Socket.IO on that server.
   * Default: `/socket.io`.
   */
  readonly path?: string;
}

/** Options of `attachSocketIo` on an `io` of the application. */
export interface SocketIoNamespaceOptions extends OriginOptions {
  /**
   * The namespace, which MUST belong to the hub alone; therefore the root is refused. Default:
   * `/bellwire`.
   */
  readonly namespace?: string;
}

// ── Defaults ──

/** Every option on an HTTP server, set. */
export type SocketIoServerSettings = Required<SocketIoServerOptions>;

/** Every option on an `io`, set. */
export type SocketIoNamespaceSettings = Required<SocketIoNamespaceOptions>;

const SERVER_DEFAULTS: SocketIoServerSettings = { path: PATH, allowedOrigins: [] };

const NAMESPACE_DEFAULTS: SocketIoNamespaceSettings = { namespace: NAMESPACE, allowedOrigins: [] };

// ── Rules ──

const SERVER_RULES: OptionRules = {
  path: pathRule(PATH),
  allowedOrigins: allowedOriginsRule,
};

const NAMESPACE_RULES: OptionRules = {
  namespace: {
    allowed: `a namespace such as "${NAMESPACE}", and not the root`,
    test: (value) => typeof value === "string" && /^\/[^?#,\s]+$/.test(value),
  },
  allowedOrigins: allowedOriginsRule,
};

// ── Settings ──

/** The options on an HTTP server with defaults. Throws `invalid_option`. */
export function serverSettings(options: SocketIoServerOptions): SocketIoServerSettings {
  checkOptions("attachSocketIo", options, SERVER_RULES);
  return withDefaults(SERVER_DEFAULTS, options);
}

/** The options on an `io` with defaults. Throws `invalid_option`. */
export function namespaceSettings(options: SocketIoNamespaceOptions): SocketIoNamespaceSettings {
  checkOptions("attachSocketIo", options, NAMESPACE_RULES);
  return withDefaults(NAMESPACE_DEFAULTS, options);
}
