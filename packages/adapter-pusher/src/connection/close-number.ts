/**
 * The numbers with which a hub's causes close a connection. Pusher's clients decide by the number
 * alone whether and when they reconnect.
 */
import { type CloseCause, type ErrorCode } from "@bellwire/core";
import { closeFrame } from "@bellwire/core/adapter";

/**
 * Pusher's close codes that the server uses. Clients reconnect never after 4000 to 4099, in a
 * second after 4100 to 4199, and at once after 4200 to 4299.
 */
export const CLOSE = {
  unknownApp: 4001,
  unsupportedProtocol: 4007,
  noProtocol: 4008,
  unauthorized: 4009,
  overCapacity: 4100,
  noPong: 4201,
} as const;

/**
 * Only causes that cannot occur in a loop get a 42xx, after which clients reconnect without
 * backoff. After any number above they never reconnect.
 */
const NUMBERS: Partial<Readonly<Record<ErrorCode, number>>> = {
  unauthorized: CLOSE.unauthorized,
  forbidden: CLOSE.unauthorized,
  // The server ended it on purpose and does not want the client back.
  normal: CLOSE.unauthorized,
  timeout: CLOSE.noPong,
  link_lost: 1006,
  too_large: 1009,
  internal: 1011,
};

/**
 * The close frame of a cause; its reason is that of the other transports. 1006 stands for no close
 * frame at all.
 */
export function pusherClose(cause: CloseCause): { readonly number: number; readonly reason: string } {
  return { number: NUMBERS[cause.code] ?? CLOSE.overCapacity, reason: closeFrame(cause).reason };
}
