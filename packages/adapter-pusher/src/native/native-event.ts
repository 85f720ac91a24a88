/**
 * How Bellwire's own client speaks to the emulator: Pusher's connection, and on it the messages of PROTOCOL.md instead of Pusher's.
 * Pusher's have no place for positions in a subscription, for acknowledgements and for what a client may publish. Shared by both sides.
 */

/** The event that carries one message, both ways, as its data; as JSON, not as a text with JSON in it. */
export const NATIVE_EVENT = "bellwire:message";

/** What goes before `/app/KEY` in the URL of such a connection, behind the emulator's own path. */
export const NATIVE_PATH = "/bellwire";

const HEAD = `{"event":"${NATIVE_EVENT}","data":`;

/** How many bytes the event around a message takes. */
export const NATIVE_OVERHEAD: number = HEAD.length + 1;

/** The text of the event around a message's JSON. */
export function nativeText(json: string): string {
  return `${HEAD}${json}}`;
}
