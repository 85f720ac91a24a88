/** Limits the reports of refused clients, so that a flood of refusals does not flood the log. */
import { BellwireError } from "../errors.ts";
import type { CloseCause } from "../protocol/close-codes.ts";

/** Milliseconds for which a kind of refusal is not reported again. */
const QUIET = 60_000;

/** Pure: time is an argument. */
export class Refusals {
  /** The time of the last report for each kind: a code on a transport, of which there are few. */
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
