/** How a hub's causes close a connection of Pusher's, whose clients decide by the number alone whether and when they come back. */
import { type CloseCause, type ErrorCode } from "@bellwire/core";
import { closeFrame } from "@bellwire/core/adapter";

/** Pusher's close codes that the emulator uses. 4000 to 4099: never again; 4100 to 4199: in a second; 4200 to 4299: at once. */
export const CLOSE = {
  unknownApp: 4001,
  unsupportedProtocol: 4007,
  noProtocol: 4008,
  unauthorized: 4009,
  overCapacity: 4100,
  noPong: 4201,
} as const;

/** Without backoff is only what cannot come in a loop: clients take a 42xx for "at once", and everything above for "never". */
const NUMBERS: Partial<Readonly<Record<ErrorCode, number>>> = {
  unauthorized: CLOSE.unauthorized,
  forbidden: CLOSE.unauthorized,
  // Whoever ended it on purpose does not want it back.
  normal: CLOSE.unauthorized,
  timeout: CLOSE.noPong,
  link_lost: 1006,
  too_large: 1009,
  internal: 1011,
};

/** The close frame of a cause; its reason is the one of Bellwire's own wires. 1006 stands for none at all. */
export function pusherClose(cause: CloseCause): { readonly number: number; readonly reason: string } {
  return { number: NUMBERS[cause.code] ?? CLOSE.overCapacity, reason: closeFrame(cause).reason };
}
