/** Maps Pusher's close codes to causes. Pure. */
import { type CloseCause, type ErrorCode } from "@bellwire/core";

/**
 * Close codes with a meaning of their own. Source:
 * https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol
 */
const CODES: Readonly<Record<number, ErrorCode>> = {
  1009: "too_large",
  1011: "internal",
  1012: "draining",
  1013: "overloaded",
  // The app has as many connections as its plan allows, until others end.
  4004: "overloaded",
  4006: "unsupported_protocol",
  4007: "unsupported_protocol",
  4008: "unsupported_protocol",
  4009: "unauthorized",
  4201: "timeout",
};

/**
 * The cause of a close; undefined stands for a connection that never opened. Codes from 4000 to
 * 4099 concern the app, so another attempt is pointless; those from 4100 to 4199 ask for a pause.
 */
export function causeOfNumber(number: number | undefined): CloseCause {
  if (number === undefined) return { code: "link_lost", reason: "no connection" };
  const code = CODES[number] ?? (number >= 4000 && number < 4100 ? "forbidden" : undefined);
  const reason = `closed with ${number}`;
  if (code) return { code, reason };
  return { code: number >= 4100 && number < 4200 ? "overloaded" : "link_lost", reason };
}
