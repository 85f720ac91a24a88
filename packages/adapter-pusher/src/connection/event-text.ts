/** Encodes Pusher's events as JSON, among them those that every connection has. Pure. */
import { errorData, type PusherError } from "../protocol/pusher-error.ts";

/** An event of Pusher's protocol. Its data travels as a text: JSON within JSON. */
export interface PusherEvent {
  readonly event: string;
  readonly channel?: string | undefined;
  /** JSON. */
  readonly data?: string | undefined;
  /** The sender; on client events of presence channels. */
  readonly user_id?: string | number | undefined;
}

/** The text of an event. */
export function eventText({ event, channel, data, user_id }: PusherEvent): string {
  return JSON.stringify({ event, channel, data, user_id });
}

/** The text of `pusher:error`. */
export function errorText(error: PusherError): string {
  return JSON.stringify({ event: "pusher:error", data: errorData(error) });
}

export const PING: string = eventText({ event: "pusher:ping", data: "{}" });
export const PONG: string = eventText({ event: "pusher:pong", data: "{}" });

/**
 * The first event of a connection. `activityTimeout` is in seconds; unless it is positive,
 * pusher-js never gets beyond connecting.
 */
export function establishedText(socketId: string, activityTimeout: number): string {
  const data = JSON.stringify({ socket_id: socketId, activity_timeout: activityTimeout });
  return eventText({ event: "pusher:connection_established", data });
}
