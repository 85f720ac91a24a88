/**
 * Errors as clients receive them: those of the client unchanged, those of the server without
 * details.
 */
import { BellwireError, ERRORS, isBellwireError } from "../errors.ts";
import type { CloseCause } from "../protocol/close-codes.ts";
import type { Failed } from "../protocol/messages.ts";

/**
 * The error as a client may see it. An error that is not Bellwire's goes to `report` and becomes
 * `internal`.
 */
export function shownError(error: unknown, report: (error: unknown) => void): BellwireError {
  if (isBellwireError(error)) return error;
  report(error);
  return new BellwireError("internal", "the server failed");
}

/** The answer to a command that failed, or without a `ref` a message about the link. */
export function failedMessage(ref: number | undefined, error: BellwireError): Failed {
  const { code, message, retryAfter } = error;
  return {
    type: "error",
    ...(ref !== undefined && { ref }),
    code,
    message,
    ...(retryAfter !== undefined && { retryAfter }),
  };
}

/** The close cause of a link that an error ends. Codes that close no link are `internal`. */
export function causeOf({ code, message, retryAfter }: BellwireError): CloseCause {
  return { code: "close" in ERRORS[code] ? code : "internal", reason: message, retryAfter };
}
