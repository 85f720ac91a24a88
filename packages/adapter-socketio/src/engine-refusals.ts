/**
 * Reasons for which the library refuses clients by itself, in words for the operator of the server.
 * Pure.
 */
import type { CloseCause } from "@bellwire/core";
import { NAMESPACE } from "./wire.ts";

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

/** Why Engine.IO refused a request; undefined when it is nothing that could be set right. */
export function engineRefusal(code: unknown): CloseCause | undefined {
  return REFUSALS.get(code);
}

/** Why a socket could not join a namespace. */
export function namespaceRefusal(name: string): CloseCause {
  const asked = name.length > 100 ? `${name.slice(0, 100)}…` : name;
  const reason = `no hub is on the namespace ${JSON.stringify(asked)}: the URL's path must be ${NAMESPACE} or none`;
  return { code: "link_lost", reason };
}
