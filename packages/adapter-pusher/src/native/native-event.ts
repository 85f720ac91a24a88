/**
 * The event with which Bellwire's own client and a hub of ours exchange the messages of PROTOCOL.md
 * on a connection of Pusher's. Pusher's own messages have no place for positions in a subscription,
 * for acknowledgements and for publishes of clients. Shared by both sides.
 */

/** The event that carries one message, both ways. Its data is JSON, not a text with JSON in it. */
export const NATIVE_EVENT = "bellwire:message";

/** The path before `/app/KEY` in the URL of such a connection, after the server's own path. */
export const NATIVE_PATH = "/bellwire";

const HEAD = `{"event":"${NATIVE_EVENT}","data":`;

/** The number of bytes around a message. */
export const NATIVE_OVERHEAD: number = HEAD.length + 1;

/** The text of the event around a message's JSON. */
export function nativeText(json: string): string {
  return `${HEAD}${json}}`;
}
