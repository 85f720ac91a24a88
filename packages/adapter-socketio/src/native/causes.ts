/** Translates the library's events to close causes. */
import { type CloseCause } from "@bellwire/core";
import { isErrorCode, statusCause } from "@bellwire/core/adapter";

/**
 * The close code of a WebSocket whose peer received a frame that is too large (RFC 6455, section
 * 7.4.1).
 */
const TOO_LARGE = 1009;

/** The cause for a peer that violates Socket.IO's protocol. */
export const MALFORMED: CloseCause = { code: "malformed", reason: "not a Socket.IO packet" };

type Fields = Readonly<Record<string, unknown>>;

/** Characters of a server's own message that a reason repeats. */
const WORDS = 300;

/**
 * The cause for a connection that failed. A hub that refuses sends a code, with the namespace's
 * error or in the body of an HTTP response. Otherwise the cause comes from the HTTP status, where
 * the platform reports it, or from the library's error.
 */
export function connectCause(error: unknown, namespace: string): CloseCause {
  const { data, description, context, message } = fields(error);
  const { retryAfter } = fields(data);
  const words = fields(description).message;
  const cause =
    typeof description === "number" && description > 0
      ? statusCause(description, header(context, "retry-after"))
      : lost(
          message === "Invalid namespace"
            ? `no hub is on the namespace "${namespace}", the path of the URL`
            : [message, words].filter((text) => typeof text === "string" && text !== "").join(": "),
        );
  return {
    ...cause,
    ...refusalIn(typeof description === "number" ? bodyOf(context) : data, cause.reason),
    ...(typeof retryAfter === "number" && retryAfter >= 0 && { retryAfter }),
  };
}

/**
 * The cause in a hub's refusal. The message of any other server is appended to the known reason.
 */
function refusalIn(said: unknown, known: string | undefined): Partial<CloseCause> {
  const { code, reason, message } = fields(said);
  const words = [reason, message].find((text): text is string => typeof text === "string")?.slice(0, WORDS);
  if (words === "Session ID unknown")
    return { reason: `${words}: a balancer must be sticky for long polling` };
  if (isErrorCode(code)) return { code, ...(words !== undefined && { reason: words }) };
  return words === undefined ? {} : { reason: `${known}: ${words}` };
}

/** The cause for a connection that ended without a `bye`. */
export function disconnectCause(reason: string, details: unknown): CloseCause {
  if (reason === "parse error") return MALFORMED;
  if (reason === "ping timeout") return { code: "timeout", reason: "no sign of life" };
  const { description, context } = fields(details);
  if (description === 413 || fields(context).code === TOO_LARGE)
    return { code: "too_large", reason: "a message was too large" };
  const cause = lost(`the connection ended: ${reason}`);
  return { ...cause, ...refusalIn(bodyOf(context), cause.reason) };
}

/** A header of an XMLHttpRequest's response; empty when it cannot be read. */
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

/**
 * The parsed JSON body of an XMLHttpRequest's response; undefined when it cannot be read or is no
 * JSON.
 */
function bodyOf(request: unknown): unknown {
  try {
    return JSON.parse(String(fields(request).responseText));
  } catch {
    return undefined;
  }
}

function lost(reason: string): CloseCause {
  return { code: "link_lost", reason };
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null ? (value as Fields) : {};
}
