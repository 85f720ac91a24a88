/** Requests of Engine.IO, as far as they are judged before the library sees them. */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { CloseCause } from "@bellwire/core";

/** The session that a request belongs to; undefined when it asks for a new one. */
export function sessionIn({ url }: IncomingMessage): string | undefined {
  return new URLSearchParams(url?.split("?", 2)[1]).get("sid") || undefined;
}

/** The header that says when to come back, in whole seconds. */
export function retryAfter({ retryAfter: ms }: CloseCause): Readonly<Record<string, string>> {
  return ms === undefined ? {} : { "retry-after": `${Math.ceil(ms / 1000)}` };
}

/** Whatever header a page of an allowed origin wants to send may be sent: those the endpoint does not know mean nothing to it. */
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

const REASONS: Readonly<Record<number, string>> = {
  403: "Forbidden",
  404: "Not Found",
  503: "Service Unavailable",
};

/** Answers an upgrade that is not taken, and ends its connection. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  headers: Readonly<Record<string, string>>,
): void {
  // The peer may be gone already, which is nobody's error.
  socket.on("error", () => {});
  // A peer that does not end its side would hold the socket for ever.
  socket.once("finish", () => socket.destroy());
  const lines = Object.entries({ connection: "close", "content-length": "0", ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  socket.end(`HTTP/1.1 ${status} ${REASONS[status] ?? "Refused"}\r\n${head}\r\n`);
}
