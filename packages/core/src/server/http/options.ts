/** Options that the server halves of several transports have, and their rules. */
import type { OptionRule } from "../../options.ts";
import { type AllowedOrigins, isAllowedOrigins } from "./origins.ts";

/** The option of every transport that web pages connect to. */
export interface OriginOptions {
  /**
   * Origins of the web pages that may connect, beside the server's own:
   * `["https://app.example.com"]`. The server's own origin has the scheme, host and port of the
   * request. A proxy that ends TLS must pass on the headers `Host`, `Origin` and
   * `X-Forwarded-Proto`, from which it is read. `"*"` allows every page and refuses requests that
   * carry cookies. Default: none.
   */
  readonly allowedOrigins?: AllowedOrigins;
}

/** The rule of `allowedOrigins`. */
export const allowedOriginsRule: OptionRule = {
  allowed: `"*" or an array of origins such as "https://app.example.com", without a path and without the scheme's own port`,
  test: isAllowedOrigins,
};

/** The rule of a path that an adapter serves; `example` appears in the error. */
export function pathRule(example: string): OptionRule {
  return {
    allowed: `a path such as "${example}", without a query`,
    test: (value) => typeof value === "string" && /^\/[^?#\s]*$/.test(value),
  };
}
