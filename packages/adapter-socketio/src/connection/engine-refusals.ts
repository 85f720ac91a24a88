/**
 * Reasons for which the library itself refuses clients, worded for the operator of the server.
 * Pure.
 */
import type { CloseCause } from "@bellwire/core";
import { shortened } from "@bellwire/core/http";
import { NAMESPACE } from "./encoding.ts";

/** Codes of Engine.IO's event `connection_error`. */
const REFUSALS: ReadonlyMap<unknown, CloseCause> = new Map<unknown, CloseCause>([
  [0, { code: "malformed", reason: "a client asked for a transport that is neither websocket nor polling" }],
  [
    5,
    {
      code: "unsupported_protocol",
      reason: "a client speaks Socket.IO 2 or older: it needs socket.io-client 3 or 4",
    },
  ],
]);

/**
 * The reason that Engine.IO refused a request; undefined when no change of configuration would
 * help.
 */
export function engineRefusal(code: unknown): CloseCause | undefined {
  return REFUSALS.get(code);
}

/** The reason that a socket could not join a namespace. */
export function namespaceRefusal(name: string): CloseCause {
  const reason = `no hub is on the namespace ${JSON.stringify(shortened(name))}: the URL's path must be ${NAMESPACE} or none`;
  return { code: "link_lost", reason };
}
