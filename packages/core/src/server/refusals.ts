/**
 * Tells the application which kinds of clients are refused, and why, without letting a flood of
 * them flood its log.
 */
import { BellwireError } from "../errors.ts";
import type { CloseCause } from "../protocol/close-codes.ts";

/** Milliseconds for which a kind of refusal is not reported again. */
const QUIET = 60_000;

/** Pure: time is an argument. */
export class Refusals {
  /** Kinds are codes on transports, of which there are few; when each was last reported. */
  readonly #reportedAt: Map<string, number> = new Map();

  /** The error to report, or undefined when one of its kind was reported within the last minute. */
  due({ code, reason, retryAfter }: CloseCause, transport: string, now: number): BellwireError | undefined {
    const kind = `${transport} ${code}`;
    const last = this.#reportedAt.get(kind);
    if (last !== undefined && now - last < QUIET) return undefined;
    this.#reportedAt.set(kind, now);
    return new BellwireError(code, `${transport}: a client was refused: ${reason ?? code}`, { retryAfter });
  }
}
