/** Request headers that several transports read, and the CORS headers of their answers. */
import type { Handshake } from "../handshake.ts";

type Headers = Handshake["headers"];

/** The token of `Authorization: Bearer …` (RFC 6750, section 2.1). */
export function bearerToken({ authorization = "" }: Headers): string | undefined {
  return /^bearer +(\S+)$/i.exec(authorization)?.[1];
}

/**
 * Whether the body's media type is `type`, such as `application/json`, with or without parameters.
 */
export function hasContentType({ "content-type": value = "" }: Headers, type: string): boolean {
  const [found = ""] = value.split(";", 1);
  return found.replace(/ +$/, "").toLowerCase() === type;
}

/**
 * Headers that every answer carries, the CORS headers of `judgeOrigin` among them. A cache must
 * neither keep an answer nor give one page's answer to another page.
 */
export function answerHeaders(cors: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { "cache-control": "no-store", vary: "origin", ...cors };
}

/**
 * Headers that answer a preflight beside {@link answerHeaders}. A page of an allowed origin may
 * send any header: the transports ignore those that they do not know. `methods` is a list such as
 * "GET, POST". Browsers remember the answer for two hours, the longest time that they accept.
 */
export function preflightHeaders(headers: Headers, methods: string): Record<string, string> {
  const asked = headers["access-control-request-headers"] ?? "";
  return {
    vary: "origin, access-control-request-headers",
    "access-control-allow-methods": methods,
    ...(/^[\w\-, ]+$/.test(asked) && { "access-control-allow-headers": asked }),
    "access-control-max-age": "7200",
  };
}
