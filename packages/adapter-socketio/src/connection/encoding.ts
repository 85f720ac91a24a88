/** How Bellwire's messages travel in Socket.IO packets, for both halves. */

/** The event that carries messages of PROTOCOL.md, each an argument. */
export const MESSAGES = "bellwire";

/** The handshake of Bellwire's own client; every other client is a stock client. */
export const AUTH = { bellwire: 1 } as const;

/** The default path, the same for both halves, and that of Socket.IO itself. */
export const PATH = "/socket.io";

/**
 * The default namespace, the same for both halves: on an `io` of the application the root is not
 * the hub's.
 */
export const NAMESPACE = "/bellwire";

/**
 * A packet of type EVENT as Socket.IO encodes it. `args` are JSON already, and go in as they are:
 * encoding them once is cheaper than Socket.IO's own encoder, which also looks for bytes in them.
 */
export function eventPacket(namespace: string, event: string, args: readonly string[]): string {
  return `2${namespace === "/" ? "" : `${namespace},`}[${[JSON.stringify(event), ...args].join(",")}]`;
}
