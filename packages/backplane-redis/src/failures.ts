/** The errors of Redis as errors of Bellwire. None of them quotes a text of Redis. */
import { BellwireError, isBellwireError } from "@bellwire/core";

/** Milliseconds after which a call that was rejected with `overloaded` may be repeated. */
const RETRY_AFTER = 1_000;

/** Errors that only another configuration helps, by their first word. */
const REFUSED: Readonly<Record<string, string>> = {
  NOAUTH: "client: must have a user and a password that the server accepts",
  WRONGPASS: "client: must have a user and a password that the server accepts",
  NOPERM: "client: must have a user that may use the keys, channels and scripts of the prefix",
  WRONGTYPE: "prefix: must be one whose keys no other program uses",
};

/** Errors that pass, by their first word. */
const BUSY: Readonly<Record<string, string>> = {
  LOADING: "Redis is loading its data",
  READONLY: "Redis is a read-only replica",
  OOM: "Redis is out of memory",
  MISCONF: "Redis cannot write to its disk",
  MASTERDOWN: "the primary of Redis is down",
  NOREPLICAS: "Redis has too few replicas",
  CLUSTERDOWN: "the cluster of Redis is down",
  BUSY: "Redis is running a long script",
};

/** The error of a call: one that may be repeated, or one that only a configuration helps. */
export function failureOf(error: unknown): BellwireError {
  if (isBellwireError(error)) return error;
  const text = error instanceof Error ? error.message : "";
  const word = wordOf(text);
  const refused = REFUSED[word];
  if (refused !== undefined)
    return new BellwireError("invalid_option", `redisBackplane.${refused}`, { cause: error });
  const busy = BUSY[word];
  if (busy !== undefined) return overloaded(busy, error);
  // XADD refuses an id that is not above the last one.
  if (text.includes("equal or smaller than the target stream top item"))
    return new BellwireError(
      "internal",
      "a stream of the prefix has entries that another program has added: delete it",
      { cause: error },
    );
  return overloaded("Redis cannot be reached", error);
}

/** Whether this connection is of no use until Redis has changed its role. */
export function isReplica(error: unknown): boolean {
  return error instanceof Error && wordOf(error.message) === "READONLY";
}

export function overloaded(reason: string, cause?: unknown): BellwireError {
  return new BellwireError("overloaded", reason, { retryAfter: RETRY_AFTER, cause });
}

export function closedError(): BellwireError {
  return new BellwireError("closed", "the backplane is closed");
}

/** An error inside a script begins with its own code, or has it after `-`. */
function wordOf(text: string): string {
  return /\b(?:[A-Z]{3,})\b/.exec(text)?.[0] ?? "";
}
