/** What a case is. */
import assert from "node:assert/strict";
import type { Capabilities } from "../../capabilities.ts";
import { type ErrorCode, isBellwireError } from "../../errors.ts";
import type { CaseContext } from "../context.ts";
import type { Hardship } from "../ways.ts";

/** A promise, and how to hold an adapter to it. */
export interface Case {
  /** A sentence that a user could quote, without a subject: it follows the adapter's name. */
  readonly name: string;
  /** Skipped, and listed as such, on wires whose capability of this name is `none`. */
  readonly requires?: "history" | "order" | "acknowledgement" | "clientPublish" | "presence" | "binary";
  /** What it puts up with beside what it does itself. Default: `delays`. */
  readonly hardship?: Hardship;
  run(context: CaseContext): Promise<void>;
}

/** Why a case does not run on a wire, or undefined. */
export function reasonToSkip({ requires }: Case, capabilities: Capabilities): string | undefined {
  return requires && capabilities[requires] === "none" ? `capability ${requires} is none` : undefined;
}

/** Waits for a rejection with the code; anything else fails. */
export async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason ?? "nothing",
  );
  assert.ok(isBellwireError(error), `expected a rejection with ${code}, got ${String(error)}`);
  assert.equal(error.code, code);
}

/** The numbers from `first` to `last`. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}

/** Waits; only for what must not happen within the time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
