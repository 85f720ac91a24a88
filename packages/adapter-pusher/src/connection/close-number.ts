/**
 * Maps a hub's causes to Pusher's close codes, by which alone its clients decide whether and when
 * they reconnect. Pure.
 */
import { type CloseCause, type ErrorCode } from "@bellwire/core";
import { closeFrame } from "@bellwire/core/adapter";

/**
 * The close codes of Pusher's that the hub uses. Clients never reconnect after 4000 to 4099; they
 * do so after one second for 4100 to 4199, and at once for 4200 to 4299.
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
 * The close frame of a cause, with the reason of Bellwire's own close frames. 1006 stands for no
 * frame.
 */
export function pusherClose(cause: CloseCause): { readonly number: number; readonly reason: string } {
  return { number: NUMBERS[cause.code] ?? CLOSE.overCapacity, reason: closeFrame(cause).reason };
}
