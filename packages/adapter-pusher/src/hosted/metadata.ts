/**
 * The metadata of an event of hosted Pusher, which has no other place for it than one more key of
 * the event's data. Data that is no object is wrapped into one. `hostedPusher({ metadata: false })`
 * adds none, and neither does our own hub. Pure, and for browsers, too.
 */
import type { Position } from "@bellwire/core";

/** The key of the metadata in the data of an event. */
export const METADATA_KEY = "$bellwire";

/**
 * The key of the data itself when it cannot be the event's data: it is no object, or an object that
 * uses one of our two keys.
 */
export const DATA_KEY = "$data";

/** The part of a notification that Pusher's envelope has no place for. */
export interface Metadata extends Position {
  /** Wall-clock milliseconds since 1970. */
  readonly time: number;
  /** The publisher's id. Without one, `epoch/offset` identifies the notification. */
  readonly id?: string | undefined;
}

/**
 * Data without its metadata; `metadata` is undefined when another server than Bellwire's wrote it.
 */
export interface MarkedData {
  readonly data: unknown;
  readonly metadata: Metadata | undefined;
}

/** The data of an event as JSON with its metadata. `json` is the result of `JSON.stringify`. */
export function withMetadata(json: string, { offset, epoch, time, id }: Metadata): string {
  const metadata = `"${METADATA_KEY}":${JSON.stringify({ offset, epoch, time, id })}`;
  if (!json.startsWith("{") || usesOurKeys(json)) return `{"${DATA_KEY}":${json},${metadata}}`;
  return json === "{}" ? `{${metadata}}` : `${json.slice(0, -1)},${metadata}}`;
}

/**
 * The reverse of {@link withMetadata}, for data that a client library has decoded. Never throws.
 */
export function splitMetadata(value: unknown): MarkedData {
  if (!isObject(value) || !Object.hasOwn(value, METADATA_KEY)) return { data: value, metadata: undefined };
  const { [METADATA_KEY]: found, ...rest } = value;
  const metadata = readMetadata(found);
  if (!metadata) return { data: value, metadata: undefined };
  return { data: Object.hasOwn(rest, DATA_KEY) ? rest[DATA_KEY] : rest, metadata };
}

const ID = /^[\x21-\x7e]{1,64}$/;
const isId = (value: unknown): value is string => typeof value === "string" && ID.test(value);

function readMetadata(value: unknown): Metadata | undefined {
  if (!isObject(value)) return undefined;
  const { offset, epoch, time, id } = value;
  if (!Number.isSafeInteger(offset) || Number(offset) < 0 || !isId(epoch)) return undefined;
  if (typeof time !== "number" || !(time >= 0) || (id !== undefined && !isId(id))) return undefined;
  return { offset: Number(offset), epoch, time, ...(id !== undefined && { id }) };
}

/** Searches the text first: hardly any data names our keys, and such data need not be parsed. */
function usesOurKeys(json: string): boolean {
  if (!json.includes(`"${METADATA_KEY}"`) && !json.includes(`"${DATA_KEY}"`)) return false;
  const value = JSON.parse(json) as object;
  return Object.hasOwn(value, METADATA_KEY) || Object.hasOwn(value, DATA_KEY);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
