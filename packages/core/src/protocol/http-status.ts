/** Close causes for transports that refuse by HTTP status (RFC 9110, section 15). */
import { type ErrorCode, isErrorCode } from "../errors.ts";
import type { CloseCause } from "./close-codes.ts";

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: "unauthorized",
  403: "forbidden",
  413: "too_large",
  429: "rate_limited",
  503: "overloaded",
};

/**
 * The close cause of a response; any other status is `link_lost`, which the client retries. `after`
 * is the value of `Retry-After` where it may be read; only seconds count.
 */
export function statusCause(status: number, after: string | null): CloseCause {
  const retryAfter = /^\d{1,6}$/.test(after ?? "") ? Number(after) * 1000 : undefined;
  return {
    code: CODES[status] ?? "link_lost",
    reason: `HTTP status ${status}`,
    ...(retryAfter !== undefined && { retryAfter }),
  };
}

/**
 * The code and the reason in the body of a hub's refusal, which is JSON. Both are absent in the
 * answer of any other server, such as a proxy.
 */
export function readRefusal(body: string): { readonly code?: ErrorCode; readonly reason?: string } {
  try {
    const { code, reason } = JSON.parse(body) as { readonly code?: unknown; readonly reason?: unknown };
    return { ...(isErrorCode(code) && { code }), ...(typeof reason === "string" && { reason }) };
  } catch {
    return {};
  }
}
