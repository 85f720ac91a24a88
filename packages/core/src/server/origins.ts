/** Which web pages may use the endpoint. A request without `Origin` does not come from another page's script and is let through. */

type Headers = Readonly<Record<string, string | undefined>>;

/** What a page's browser is told: may it go on, and with which CORS headers. */
export type OriginVerdict =
  | { readonly allowed: true; readonly headers: Readonly<Record<string, string>> }
  | { readonly allowed: false };

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
 * Judges the `Origin` of a request. It must be the origin the request went to, or equal one of `allowed` in scheme, host and port.
 * `"*"` allows every page, but only without cookies: otherwise any page could read what the visitor may read.
 */
export function judgeOrigin(headers: Headers, allowed: AllowedOrigins): OriginVerdict {
  const { origin } = headers;
  if (origin === undefined || isSameOrigin(origin, headers.host ?? headers[":authority"])) {
    return { allowed: true, headers: {} };
  }
  // What a page may read of an answer, beside the few headers that every page may.
  const expose = { "access-control-expose-headers": "retry-after" };
  if (allowed === "*") {
    if (headers.cookie !== undefined) return { allowed: false };
    return { allowed: true, headers: { "access-control-allow-origin": "*", ...expose } };
  }
  if (!allowed.includes(origin)) return { allowed: false };
  return {
    allowed: true,
    headers: { "access-control-allow-origin": origin, "access-control-allow-credentials": "true", ...expose },
  };
}

/** Compares hosts and ports. The scheme of the request is not known behind a proxy that ends TLS, so the page's own is taken. */
function isSameOrigin(origin: string, host: string | undefined): boolean {
  if (host === undefined || !URL.canParse(origin)) return false;
  const page = new URL(origin);
  const own = `${page.protocol}//${host}`;
  return page.host !== "" && URL.canParse(own) && new URL(own).host === page.host;
}
