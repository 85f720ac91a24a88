/** Refusals as HTTP answers: a status, and the code and the reason as JSON. */
import type { ErrorCode } from "../../errors.ts";
import type { CloseCause } from "../../protocol/close-codes.ts";

/** The reason why a request is not served, and the status that says so. */
export interface HttpRefusal {
  readonly status: number;
  readonly cause: CloseCause;
}

/** A whole answer. */
export interface HttpReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty with status 204. */
  readonly body: string;
}

const STATUS: Partial<Readonly<Record<ErrorCode, number>>> = {
  malformed: 400,
  unsupported_protocol: 400,
  unauthorized: 401,
  forbidden: 403,
  unknown_topic: 404,
  too_large: 413,
  rate_limited: 429,
  draining: 503,
  overloaded: 503,
};

/**
 * The HTTP status (RFC 9110, section 15) of a code, and `otherwise` for codes without one of their
 * own. It is the inverse of `statusCause`, which clients read statuses with.
 */
export function statusOf(code: ErrorCode, otherwise = 503): number {
  return STATUS[code] ?? otherwise;
}

/**
 * The answer to a request that is refused: code, reason and topic as JSON, and `Retry-After` in
 * whole seconds. Default of `status`: {@link statusOf} the code.
 */
export function refusal(
  { code, reason, topic, retryAfter }: CloseCause & { readonly topic?: string | undefined },
  status: number = statusOf(code),
): HttpReply {
  return {
    status,
    headers: {
      "content-type": "application/json",
      // A reason may quote the request, and a browser must not take it for a page.
      "x-content-type-options": "nosniff",
      ...(retryAfter !== undefined && { "retry-after": `${Math.ceil(retryAfter / 1000)}` }),
    },
    body: JSON.stringify({ code, reason, topic }),
  };
}

/** A text of the peer's, cut to 100 characters so that an answer or a line of a log stays short. */
export function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
