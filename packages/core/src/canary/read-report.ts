/** Reads reports that came over a network. */
import { isErrorCode } from "../errors.ts";
import { isId } from "../protocol/names.ts";
import { type CanaryReport, WIRE_COUNTS } from "./report.ts";

type Fields = Readonly<Record<string, unknown>>;

/**
 * The longest name of a transport that is accepted. A transport made of several is named after all
 * of them.
 */
const NAME = 200;
/** A distribution cannot have more buckets than this. */
const BUCKETS = 256;

/**
 * Reads the report in a JSON value from an unknown sender. Returns undefined if it is none. The
 * numbers may be false, since a client can send what it likes: accept reports of known users only,
 * and prefer the median of clients to sums.
 */
export function readReport(value: unknown): CanaryReport | undefined {
  if (!isFields(value)) return undefined;
  const { id, elapsed, closed, window, both, uncompared, unshadowed, lag, primary, candidate } = value;
  const right =
    isId(id) &&
    typeof closed === "boolean" &&
    [elapsed, window, both, uncompared, unshadowed].every(isAmount) &&
    isDistribution(lag) &&
    isWire(primary) &&
    isWire(candidate);
  return right ? (value as unknown as CanaryReport) : undefined;
}

function isWire(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { name, causes, connecting } = value;
  return (
    typeof name === "string" &&
    name.length <= NAME &&
    WIRE_COUNTS.every((key) => isAmount(value[key])) &&
    isFields(causes) &&
    Object.entries(causes).every(([code, count]) => isErrorCode(code) && isAmount(count)) &&
    isDistribution(connecting)
  );
}

function isDistribution(value: unknown): boolean {
  if (!isFields(value)) return false;
  const { count, min, p50, p90, p99, max, buckets } = value;
  return (
    isAmount(count) &&
    [min, p50, p90, p99, max].every((ms) => ms === null || Number.isFinite(ms)) &&
    Array.isArray(buckets) &&
    buckets.length <= BUCKETS &&
    buckets.every(isBucket)
  );
}

function isBucket(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [bucket, count] = value as readonly unknown[];
  return Number.isInteger(bucket) && Math.abs(bucket as number) < BUCKETS && isAmount(count);
}

function isAmount(value: unknown): boolean {
  return Number.isFinite(value) && (value as number) >= 0;
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
