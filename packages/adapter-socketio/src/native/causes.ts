/** The close causes behind the library's own events. */
import { type CloseCause } from "@bellwire/core";
import { isErrorCode, statusCause } from "@bellwire/core/adapter";

/**
 * The close code of a WebSocket whose peer got a frame that is too large (RFC 6455, section 7.4.1).
 */
const TOO_LARGE = 1009;

/** Why a link ends whose peer does not speak Socket.IO as it should. */
export const MALFORMED: CloseCause = { code: "malformed", reason: "not a Socket.IO packet" };

type Fields = Readonly<Record<string, unknown>>;

/** Characters of what a server says that a reason repeats. */
const WORDS = 300;

/**
 * Why there is no link: a hub that refused says a code, on the namespace or in the body of an HTTP
 * answer; of others the HTTP status is known, where the platform tells it, or what the library has
 * to say.
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
 * The cause that a hub gave for its refusal; a foreign server's words are added to the known ones.
 */
function refusalIn(said: unknown, known: string | undefined): Partial<CloseCause> {
  const { code, reason, message } = fields(said);
  const words = [reason, message].find((text): text is string => typeof text === "string")?.slice(0, WORDS);
  if (words === "Session ID unknown")
    return { reason: `${words}: a balancer must be sticky for long polling` };
  if (isErrorCode(code)) return { code, ...(words !== undefined && { reason: words }) };
  return words === undefined ? {} : { reason: `${known}: ${words}` };
}

/** Why a link ended that ended without a word. */
export function disconnectCause(reason: string, details: unknown): CloseCause {
  if (reason === "parse error") return MALFORMED;
  if (reason === "ping timeout") return { code: "timeout", reason: "no sign of life" };
  const { description, context } = fields(details);
  if (description === 413 || fields(context).code === TOO_LARGE)
    return { code: "too_large", reason: "a message was too large" };
  const cause = lost(`the connection ended: ${reason}`);
  return { ...cause, ...refusalIn(bodyOf(context), cause.reason) };
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

/** The body of an XMLHttpRequest's response as JSON, if it may be read and is any. */
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
