/** How Bellwire's messages travel in Socket.IO packets, for both halves. */

/** The event that carries messages of PROTOCOL.md, one per argument. */
export const MESSAGES = "bellwire";

/** The handshake of Bellwire's own client; every other client is a stock client. */
export const AUTH = { bellwire: 1 } as const;

/** The default path of both halves and of Socket.IO itself. */
export const PATH = "/socket.io";

/**
 * The default namespace of both halves. It is not the root, because the root of an `io` belongs to
 * the application.
 */
export const NAMESPACE = "/bellwire";

/**
 * A packet of type EVENT as Socket.IO encodes it. `args` are JSON texts and are inserted unchanged,
 * which is cheaper than Socket.IO's own encoder: that one encodes for every link and searches the
 * data for bytes.
 */
export function eventPacket(namespace: string, event: string, args: readonly string[]): string {
  return `2${namespace === "/" ? "" : `${namespace},`}[${[JSON.stringify(event), ...args].join(",")}]`;
}
