/** What the library's own events mean for a link. */
import { type CloseCause, isErrorCode, statusCause } from "@bellwire/core";

/** The close code of a WebSocket whose peer got a frame that is too large (RFC 6455, section 7.4.1). */
const TOO_LARGE = 1009;

/** Why a link ends whose peer does not speak Socket.IO as it should. */
export const MALFORMED: CloseCause = { code: "malformed", reason: "not a Socket.IO packet" };

type Fields = Readonly<Record<string, unknown>>;

/** Why there is no link: a namespace that refused says a code; a long poll that was refused, its HTTP status. */
export function connectCause(error: unknown): CloseCause {
  const { data, description, context } = fields(error);
  const { code, message, retryAfter } = fields(data);
  if (isErrorCode(code)) {
    return {
      code,
      ...(typeof message === "string" && { reason: message }),
      ...(typeof retryAfter === "number" && retryAfter >= 0 && { retryAfter }),
    };
  }
  return typeof description === "number"
    ? statusCause(description, header(context, "retry-after"))
    : lost("no connection");
}

/** Why a link ended that ended without a word. */
export function disconnectCause(reason: string, details: unknown): CloseCause {
  if (reason === "parse error") return MALFORMED;
  if (reason === "ping timeout") return { code: "timeout", reason: "no sign of life" };
  const { description, context } = fields(details);
  if (description === 413 || fields(context).code === TOO_LARGE)
    return { code: "too_large", reason: "a message was too large" };
  return lost("the connection ended");
}

/** A header of an XMLHttpRequest's response, if it may be read. */
function header(request: unknown, name: string): string {
  const { getResponseHeader } = fields(request);
  if (typeof getResponseHeader !== "function") return "";
  try {
    const value: unknown = Reflect.apply(getResponseHeader, request, [name]);
    return typeof value === "string" ? value : "";
  } catch {
    // Node's stand-in for XMLHttpRequest throws when there was no response.
    return "";
  }
}

function lost(reason: string): CloseCause {
  return { code: "link_lost", reason };
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
