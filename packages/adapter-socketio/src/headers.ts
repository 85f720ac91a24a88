/** Headers as `authenticate` and the judge of origins get them. */
import type { IncomingHttpHeaders } from "node:http";

/** One string each. */
export function singleHeaders(headers: IncomingHttpHeaders): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]),
  );
}
