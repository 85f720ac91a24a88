/** The last message of a link on transports that have no close frame of their own. */
import type { CloseCause } from "../protocol/close-codes.ts";
import type { ServerMessage } from "../protocol/messages.ts";

/** The `bye` of a cause, with the reason for the end and the delay until a reconnect. */
export function byeOf({ code, reason, retryAfter }: CloseCause): Extract<ServerMessage, { type: "bye" }> {
  return {
    type: "bye",
    code,
    ...(reason !== undefined && { reason }),
    ...(retryAfter !== undefined && { retryAfter }),
  };
}
