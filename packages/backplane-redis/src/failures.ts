/**
 * The errors of Redis as errors of Bellwire. None of them quotes a text of Redis or has its error
 * as a cause: those of clients hold the command, and with it passwords and notifications.
 */
import { BellwireError, isBellwireError } from "@bellwire/core";

/** Milliseconds after which a call that was rejected with `overloaded` may be repeated. */
const RETRY_AFTER = 1_000;

const DENIED = "client: must have a user and a password that the server accepts";

/** Errors that only another configuration helps, by their first word. */
const REFUSED: Readonly<Record<string, string>> = {
  NOAUTH: DENIED,
  WRONGPASS: DENIED,
  NOPERM: "client: must have a user that may use the keys, channels and scripts of the prefix",
  WRONGTYPE: "prefix: must be one whose keys no other program uses",
  MOVED: "client: must be of a server outside a cluster",
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

/** The error as a call or `ready` rejects with it. */
export function failureOf(error: unknown): BellwireError {
  if (isBellwireError(error)) return error;
  const word = wordOf(error);
  const refused = REFUSED[word];
  if (refused !== undefined) return refusal(refused);
  const busy = BUSY[word];
  if (busy !== undefined) return overloaded(busy);
  if (textOf(error).includes("DB index is out of range"))
    return refusal("client: must have a database that the server has");
  if (word !== "") return new BellwireError("internal", `Redis answers with the error ${word}`);
  const code = isObjectWithCode(error) ? ` (${error.code})` : "";
  return overloaded(`Redis cannot be reached${code}`);
}

/** Whether a command found something of another program in our keys. */
export function isForeign(error: unknown): boolean {
  // XADD refuses an id that is not above the last one.
  return wordOf(error) === "WRONGTYPE" || textOf(error).includes("target stream top item");
}

/** Whether this connection is of no use until Redis has changed its role. */
export function isReplica(error: unknown): boolean {
  return wordOf(error) === "READONLY";
}

/** An option of `redisBackplane` that does not do for the server. */
export function refusal(reason: string): BellwireError {
  return new BellwireError("invalid_option", `redisBackplane.${reason}`);
}

export function overloaded(reason: string): BellwireError {
  return new BellwireError("overloaded", reason, { retryAfter: RETRY_AFTER });
}

export function closedError(): BellwireError {
  return new BellwireError("closed", "the backplane is closed");
}

/** Redis has not answered in time: its process may be stopped, or the network be cut. */
export class TooLong extends BellwireError {
  constructor(ms: number) {
    super("overloaded", `Redis gave no answer within ${ms} ms`, { retryAfter: RETRY_AFTER });
  }
}

/** The code of an error of Redis; Redis 6 gives that of a script's command further inside. */
function wordOf(error: unknown): string {
  const text = textOf(error);
  const [first = ""] = /^[A-Z]{2,}(?= )/.exec(text) ?? [];
  if (first !== "ERR") return first;
  const known = [...Object.keys(REFUSED), ...Object.keys(BUSY)];
  return known.find((word) => new RegExp(`[ -]${word} `).test(text)) ?? first;
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}

function isObjectWithCode(error: unknown): error is { readonly code: string } {
  return typeof error === "object" && error !== null && "code" in error && typeof error.code === "string";
}
