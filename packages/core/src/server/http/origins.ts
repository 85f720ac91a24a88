/**
 * The rule that decides which web pages may connect. Browsers put the page's origin into every
 * request that a script of another origin sends, so a request without `Origin` is allowed.
 */
import type { CloseCause } from "../../protocol/close-codes.ts";
import type { Handshake } from "../handshake.ts";
import { shortened } from "./refusal.ts";

type Headers = Handshake["headers"];

/**
 * Whether a page may go on, and with which CORS headers; otherwise the reason, which says what to
 * change.
 */
export type OriginVerdict =
  | { readonly allowed: true; readonly headers: Readonly<Record<string, string>> }
  | { readonly allowed: false; readonly cause: CloseCause };

/**
 * `"*"`, or origins as browsers write them: scheme, host, and the port if it is not the scheme's
 * default.
 */
export type AllowedOrigins = "*" | readonly string[];

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/;

/** Whether a value may be the option `allowedOrigins`. */
export function isAllowedOrigins(value: unknown): value is AllowedOrigins {
  return value === "*" || (Array.isArray(value) && value.every(isOrigin));
}

/**
 * Whether a value is an origin in the browser's own spelling. Any other spelling would never match.
 */
function isOrigin(value: unknown): boolean {
  if (typeof value !== "string" || !ORIGIN.test(value)) return false;
  return !/^https?:/.test(value) || (URL.canParse(value) && new URL(value).origin === value);
}

/**
 * Judges the `Origin` of a request. It must equal the origin that the request went to, or one of
 * `allowed`, in scheme, host and port. `"*"` allows every page, but only without cookies: otherwise
 * any page could read what the visitor may read. `secure` says whether the request came to this
 * process over TLS; behind a proxy that ends TLS, its `X-Forwarded-Proto` names the scheme that the
 * browser used.
 */
export function judgeOrigin(headers: Headers, allowed: AllowedOrigins, secure: boolean): OriginVerdict {
  const { origin } = headers;
  const own = ownOrigin(headers, secure);
  if (origin === undefined || origin === own) return { allowed: true, headers: {} };
  // A page reads only a few headers of an answer from another origin, and those that are named
  // here.
  const expose = { "access-control-expose-headers": "retry-after" };
  if (allowed === "*") {
    if (headers.cookie !== undefined)
      return refused(
        `"*" in allowedOrigins takes no cookies, and the page ${quoted(origin)} sent some: name its origin there`,
      );
    return { allowed: true, headers: { "access-control-allow-origin": "*", ...expose } };
  }
  if (!allowed.includes(origin)) {
    return refused(
      `the origin ${quoted(origin)} is not allowed at ${quoted(own ?? "a request without Host")}: name it in allowedOrigins, or, ` +
        "if this is the page's own server behind a proxy, let the proxy pass on Host, Origin and X-Forwarded-Proto",
    );
  }
  return {
    allowed: true,
    headers: { "access-control-allow-origin": origin, "access-control-allow-credentials": "true", ...expose },
  };
}

/**
 * The origin that a request went to, as its browser would write it. `X-Forwarded-Proto` counts
 * whoever sent it, because no page can use it to pass: a WebSocket or an EventSource sets no
 * headers, and `fetch` sends a preflight first, which does not carry it. A peer other than a
 * browser can claim any `Origin` anyway.
 */
function ownOrigin(headers: Headers, secure: boolean): string | undefined {
  const host = headers.host ?? headers[":authority"];
  // Each proxy appends its own value, so the first one is the browser's. Some write `wss` for
  // WebSockets.
  const [, forwarded] = /^\s*(http|ws)(s?)\s*(,|$)/i.exec(headers["x-forwarded-proto"] ?? "")?.slice(1) ?? [];
  const scheme = (forwarded === undefined ? secure : forwarded !== "") ? "https" : "http";
  const own = `${scheme}://${host}`;
  return host !== undefined && URL.canParse(own) ? new URL(own).origin : undefined;
}

function refused(reason: string): OriginVerdict {
  return { allowed: false, cause: { code: "forbidden", reason } };
}

function quoted(origin: string): string {
  return JSON.stringify(shortened(origin));
}
