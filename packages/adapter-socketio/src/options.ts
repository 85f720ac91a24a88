/** Options of the server half, with their defaults. */
import { checkOptions, type OptionRules } from "@bellwire/core/adapter";
import { isAllowedOrigins } from "@bellwire/core/http";
import { type AllowedOrigins } from "@bellwire/core/server";
import { NAMESPACE, PATH } from "./wire.ts";

interface OriginOptions {
  /**
   * Origins of the web pages that may connect, beside those of the server itself:
   * `["https://app.example.com"]`. `"*"` allows every page and then refuses requests that carry
   * cookies. Default: none.
   */
  readonly allowedOrigins?: AllowedOrigins;
}

/** Options of `attachSocketIo` on an HTTP server. */
export interface SocketIoServerOptions extends OriginOptions {
  /**
   * The path of the HTTP requests, which MUST be no other Socket.IO's on that server. Default:
   * `/socket.io`.
   */
  readonly path?: string;
}

/** Options of `attachSocketIo` on an `io` of the application. */
export interface SocketIoNamespaceOptions extends OriginOptions {
  /**
   * The namespace, which MUST be the hub's alone, and so cannot be the root. Default: `/bellwire`.
   */
  readonly namespace?: string;
}

const ORIGINS: OptionRules = {
  allowedOrigins: {
    allowed: `"*" or an array of origins such as "https://app.example.com", without a path and without the scheme's own port`,
    test: isAllowedOrigins,
  },
};

const SERVER_RULES: OptionRules = {
  path: {
    allowed: `a path such as "${PATH}", without a query`,
    test: (value) => typeof value === "string" && /^\/[^?#\s]*$/.test(value),
  },
  ...ORIGINS,
};

const NAMESPACE_RULES: OptionRules = {
  namespace: {
    allowed: `a namespace such as "${NAMESPACE}", and not the root`,
    test: (value) => typeof value === "string" && /^\/[^?#,\s]+$/.test(value),
  },
  ...ORIGINS,
};

/**
 * The options on an HTTP server, with defaults. Throws `invalid_option` naming the path and what is
 * allowed.
 */
export function serverSettings(options: SocketIoServerOptions): Required<SocketIoServerOptions> {
  checkOptions("attachSocketIo", options, SERVER_RULES);
  return { path: options.path ?? PATH, allowedOrigins: options.allowedOrigins ?? [] };
}

/**
 * The options on an `io`, with defaults. Throws `invalid_option` naming the path and what is
 * allowed.
 */
export function namespaceSettings(options: SocketIoNamespaceOptions): Required<SocketIoNamespaceOptions> {
  checkOptions("attachSocketIo", options, NAMESPACE_RULES);
  return { namespace: options.namespace ?? NAMESPACE, allowedOrigins: options.allowedOrigins ?? [] };
}
