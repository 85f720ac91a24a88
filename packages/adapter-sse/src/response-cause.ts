/** What a failed response means for the link. */
import type { CloseCause, ErrorCode } from "@bellwire/core";

const CODES: Readonly<Record<number, ErrorCode>> = {
  401: "unauthorized",
  403: "forbidden",
  413: "too_large",
  429: "rate_limited",
  503: "overloaded",
};

/** The close cause of a response; every status that says nothing about us is `link_lost`, and tried again. */
export function causeOf({ status, headers }: Response): CloseCause {
  const code = CODES[status] ?? "link_lost";
  const after = headers.get("retry-after") ?? "";
  const retryAfter = /^\d{1,6}$/.test(after) ? Number(after) * 1000 : undefined;
  return { code, reason: `HTTP status ${status}`, ...(retryAfter !== undefined && { retryAfter }) };
}
