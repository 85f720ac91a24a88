/** URLs that an application may write relative to its page. */

/**
 * Reads a URL, which in a browser may be relative to the page; other runtimes have no page.
 * Undefined for a value that is no URL.
 */
export function pageUrl(value: unknown): URL | undefined {
  if (typeof value !== "string" && !(value instanceof URL)) return undefined;
  const base = (globalThis as { location?: { href?: string } }).location?.href;
  return URL.canParse(value, base) ? new URL(value, base) : undefined;
}
