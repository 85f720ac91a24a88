/** Requests of Engine.IO, as far as they are judged before the library sees them. */
import type { IncomingMessage } from "node:http";

/** The session that a request belongs to; undefined when it asks for a new one. */
export function sessionIn({ url }: IncomingMessage): string | undefined {
  return new URLSearchParams(url?.split("?", 2)[1]).get("sid") || undefined;
}

/**
 * A page of an allowed origin may send any header: those that the endpoint does not know mean
 * nothing to it.
 */
export function preflight({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  const asked = headers["access-control-request-headers"] ?? "";
  return {
    vary: "origin, access-control-request-headers",
    "access-control-allow-methods": "GET, POST",
    ...(/^[\w\-, ]+$/.test(asked) && { "access-control-allow-headers": asked }),
    // Two hours is the most that browsers remember.
    "access-control-max-age": "7200",
  };
}
