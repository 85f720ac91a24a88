/**
 * Close causes as WebSocket close frames (RFC 6455, section 7.4): the number from the table of
 * codes, and `code;retryAfter=ms` as the reason.
 */
import { ERRORS, type ErrorCode, type ErrorFact, isErrorCode } from "../errors.ts";

/** The reason for which a link ended, or for which one end closes it. */
export interface CloseCause {
  readonly code: ErrorCode;
  /** For logs and people; never parsed. */
  readonly reason?: string | undefined;
  /** Milliseconds after which the client should reconnect. */
  readonly retryAfter?: number | undefined;
}

/**
 * Close codes that WebSocket implementations send by themselves: a protocol error and text that is
 * not UTF-8 mean damage on the way.
 */
const FOREIGN: Readonly<Record<number, ErrorCode>> = {
  1002: "malformed",
  1007: "malformed",
  1012: "draining",
  1013: "overloaded",
};

/**
 * The number that a page sends for most codes, because browsers permit few numbers; the reason
 * carries the code.
 */
const UNNUMBERED = 4000;

/** The close frame of a cause. */
export function closeFrame({ code, retryAfter }: CloseCause): {
  readonly number: number;
  readonly reason: string;
} {
  return {
    number: (ERRORS[code] as ErrorFact).close ?? ERRORS.internal.close,
    reason: retryAfter === undefined ? code : `${code};retryAfter=${Math.ceil(retryAfter)}`,
  };
}

/**
 * The cause of a close frame from any sender; a number without a meaning here is a lost link. The
 * number decides: a proxy that says "closed" in its own words must not stop a channel for good.
 */
export function closeCause(number: number, reason: string): CloseCause {
  const [said] = reason.split(";");
  const [, delay] = /;retryAfter=(\d{1,9})$/.exec(reason) ?? [];
  const named = number === UNNUMBERED && isErrorCode(said) ? said : undefined;
  const ours = (Object.keys(ERRORS) as ErrorCode[]).find(
    (code) => (ERRORS[code] as ErrorFact).close === number,
  );
  const code = named ?? ours ?? FOREIGN[number] ?? "link_lost";
  return { code, ...(delay && { retryAfter: Number(delay) }) };
}
