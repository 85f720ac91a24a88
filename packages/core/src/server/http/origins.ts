/** Which web pages may use the endpoint. A request without `Origin` does not come from another page's script and is let through. */
import type { CloseCause } from "../../protocol/close-codes.ts";

type Headers = Readonly<Record<string, string | undefined>>;

/** What a page's browser is told: may it go on, and with which CORS headers, or what would have to change. */
export type OriginVerdict =
  | { readonly allowed: true; readonly headers: Readonly<Record<string, string>> }
  | { readonly allowed: false; readonly cause: CloseCause };

/** `"*"`, or origins as browsers write them: scheme, host and port if it is not the scheme's own. */
export type AllowedOrigins = "*" | readonly string[];

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\s]+$/;

/** Whether a value may be the option `allowedOrigins`. */
export function isAllowedOrigins(value: unknown): value is AllowedOrigins {
  return value === "*" || (Array.isArray(value) && value.every(isOrigin));
}

/** A full origin in the browser's own spelling: anything else would never match, which is found out too late. */
function isOrigin(value: unknown): boolean {
  if (typeof value !== "string" || !ORIGIN.test(value)) return false;
  return !/^https?:/.test(value) || (URL.canParse(value) && new URL(value).origin === value);
}

/**
 * Judges the `Origin` of a request. It must be the origin the request went to, or equal one of `allowed`: in scheme, host and port.
 * `"*"` allows every page, but only without cookies: otherwise any page could read what the visitor may read. `secure` is whether the
 * request came to this process over TLS; behind a proxy that ends TLS, its `X-Forwarded-Proto` says what the page's browser spoke.
 */
export function judgeOrigin(headers: Headers, allowed: AllowedOrigins, secure: boolean): OriginVerdict {
  const { origin } = headers;
  const own = ownOrigin(headers, secure);
  if (origin === undefined || origin === own) return { allowed: true, headers: {} };
  // What a page may read of an answer, beside the few headers that every page may.
  const expose = { "access-control-expose-headers": "retry-after" };
  if (allowed === "*") {
    if (headers.cookie !== undefined)
      return refused(
        `"*" in allowedOrigins takes no cookies, and the page ${shown(origin)} sent some: name its origin there`,
      );
    return { allowed: true, headers: { "access-control-allow-origin": "*", ...expose } };
  }
  if (!allowed.includes(origin)) {
    return refused(
      `the origin ${shown(origin)} is not allowed at ${shown(own ?? "a request without Host")}: name it in allowedOrigins, or, ` +
        "if this is the page's own server behind a proxy, let the proxy pass on Host, Origin and X-Forwarded-Proto",
    );
  }
  return {
    allowed: true,
    headers: { "access-control-allow-origin": origin, "access-control-allow-credentials": "true", ...expose },
  };
}

/**
 * The origin that a request went to, as its browser would write it. `X-Forwarded-Proto` is believed from everybody: no page can send it
 * in a request that is not refused here without it. A WebSocket or an EventSource sets no headers, and `fetch` asks first, by a
 * preflight, which does not carry it. A peer that is no browser can claim any `Origin` anyway.
 */
function ownOrigin(headers: Headers, secure: boolean): string | undefined {
  const host = headers.host ?? headers[":authority"];
  // Each proxy adds its own to those before it. For a WebSocket, some say `wss`.
  const [, forwarded] = /^\s*(http|ws)(s?)\s*(,|$)/i.exec(headers["x-forwarded-proto"] ?? "")?.slice(1) ?? [];
  const scheme = (forwarded === undefined ? secure : forwarded !== "") ? "https" : "http";
  const own = `${scheme}://${host}`;
  return host !== undefined && URL.canParse(own) ? new URL(own).origin : undefined;
}

function refused(reason: string): OriginVerdict {
  return { allowed: false, cause: { code: "forbidden", reason } };
}

/** In quotes, and no longer than a log's line should be. */
function shown(origin: string): string {
  return JSON.stringify(origin.length > 100 ? `${origin.slice(0, 100)}…` : origin);
}
