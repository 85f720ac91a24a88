/** The shape of a case, and the steps that many cases share. */
import assert from "node:assert/strict";
import type { Capabilities } from "../../capabilities.ts";
import { type ErrorCode, isBellwireError } from "../../errors.ts";
import type { CaseContext } from "../context.ts";
import type { Hardship } from "../ways.ts";

/** A promise, and the actions that hold an adapter to it. */
export interface Case {
  /** A sentence that a user could quote, without a subject: it follows the adapter's name. */
  readonly name: string;
  /** The case is skipped, and listed as such, where this capability is `none`. */
  readonly requires?:
    | "history"
    | "paging"
    | "order"
    | "acknowledgement"
    | "clientPublish"
    | "presence"
    | "binary";
  /** The faults that the case tolerates beside its own. Default: `delays`. */
  readonly hardship?: Hardship;
  run(context: CaseContext): Promise<void>;
}

/** The reason why a case does not run on a transport, or undefined. */
export function reasonToSkip({ requires }: Case, capabilities: Capabilities): string | undefined {
  return requires && capabilities[requires] === "none" ? `capability ${requires} is none` : undefined;
}

/** Waits for a rejection with the code. Fails on any other outcome. */
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

/** Waits `ms` milliseconds. Use it only for events that must not happen in this time. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
