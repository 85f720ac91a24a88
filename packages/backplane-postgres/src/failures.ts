/** The errors of the database as errors of Bellwire. None of them quotes a text of the database. */
import { BellwireError, type ErrorCode, isBellwireError } from "@bellwire/core";
import { sqlStateOf, TooLong } from "./drivers/driver.ts";
import { FOREIGN_TABLE, LAYOUT, NEWER_LAYOUT } from "./migrations/migrations.ts";

/** Milliseconds after which a call that was rejected with `overloaded` may be repeated. */
const RETRY_AFTER = 1_000;

/** The oldest version that is supported, as `server_version_num` gives it. */
export const OLDEST: number = 130_000;

const REFUSED: Readonly<Record<string, string>> = {
  "28P01": "database: must have a user and a password that the server accepts",
  "28000": "database: must have a user and a password that the server accepts",
  "3D000": "database: must name a database that exists",
  "42501": "database: must have a user that may use the tables, or create them in the schema",
  [NEWER_LAYOUT]: `database: must have a layout of at most ${LAYOUT}; a newer version of this package has upgraded it`,
  [FOREIGN_TABLE]: "prefix: must be one that no tables of others have",
  // A table or function that a migration makes is there already.
  "42P07": "prefix: must be one that no tables of others have",
  "42723": "prefix: must be one that no tables of others have",
};

const BUSY: Readonly<Record<string, string>> = {
  "25006": "the database is read-only, as a replica is",
  "53100": "the database's disk is full",
  "53200": "the database is out of memory",
  "53300": "the database has too many connections",
  "55P03": "another transaction holds the topic",
  "57P01": "the database is shutting down",
  "57P03": "the database is starting up",
};

/** SQLSTATEs of something that was dropped or truncated while the backplane used it. */
const MISSING: ReadonlySet<string> = new Set(["42P01", "42883", "3F000", "42704"]);

/** The error that says for good why a database cannot be used, or why it cannot be used now. */
export function failureOf(error: unknown): BellwireError {
  if (isBellwireError(error)) return error;
  // The clients report the lack of a password themselves.
  const state = /SASL/.test((error as Error | undefined)?.message ?? "") ? "28P01" : sqlStateOf(error);
  const refused = state === undefined ? undefined : REFUSED[state];
  if (refused !== undefined)
    return new BellwireError("invalid_option", `postgresBackplane.${refused}`, { cause: error });
  // Class 22 is what a value cannot be, such as a text with a NUL.
  if (state?.startsWith("22"))
    return new BellwireError("invalid_data", "the database cannot hold the entry", { cause: error });
  return busy(reasonOf(error, state), error);
}

/** The rejection of a call: one that may be repeated, unless the call itself is at fault. */
export function rejectionOf(error: unknown): BellwireError {
  const failure = failureOf(error);
  const kept: readonly ErrorCode[] = ["closed", "invalid_data", "overloaded"];
  return kept.includes(failure.code) ? failure : busy(failure.message, failure);
}

/** Whether the tables or functions have to be made again. */
export function isMissing(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== undefined && MISSING.has(state);
}

/** The error for a server older than {@link OLDEST}. */
export function tooOld(): BellwireError {
  return new BellwireError(
    "invalid_option",
    `postgresBackplane.database: must be PostgreSQL ${OLDEST / 10_000} or later`,
  );
}

export function closedError(): BellwireError {
  return new BellwireError("closed", "the backplane is closed");
}

function busy(reason: string, cause: unknown): BellwireError {
  return new BellwireError("overloaded", reason, { retryAfter: RETRY_AFTER, cause });
}

function reasonOf(error: unknown, state: string | undefined): string {
  if (error instanceof TooLong) return `the database gave ${error.message}`;
  if (state === undefined) return "the database cannot be reached";
  return BUSY[state] ?? `the database refused the statement (SQLSTATE ${state})`;
}
