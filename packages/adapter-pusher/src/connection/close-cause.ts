/** The meaning of the number of a close of Pusher's. Pure. */
import { type CloseCause, type ErrorCode } from "@bellwire/core";

/**
 * Numbers with a meaning of their own:
 * https://pusher.com/docs/channels/library_auth_reference/pusher-websockets-protocol
 */
const CODES: Readonly<Record<number, ErrorCode>> = {
  1009: "too_large",
  1011: "internal",
  1012: "draining",
  1013: "overloaded",
  // The plan has no more connections, until others end.
  4004: "overloaded",
  4006: "unsupported_protocol",
  4007: "unsupported_protocol",
  4008: "unsupported_protocol",
  4009: "unauthorized",
  4201: "timeout",
};

/**
 * The cause of a close. 4000 to 4099 are about the app itself, which another attempt does not
 * change; 4100 to 4199 ask the client to wait.
 */
export function causeOfNumber(number: number | undefined): CloseCause {
  if (number === undefined) return { code: "link_lost", reason: "no connection" };
  const code = CODES[number] ?? (number >= 4000 && number < 4100 ? "forbidden" : undefined);
  const reason = `closed with ${number}`;
  if (code) return { code, reason };
  return { code: number >= 4100 && number < 4200 ? "overloaded" : "link_lost", reason };
}
