/**
 * A notification as Redis holds it: a JSON array `[event, time, id, excluded session]`, a line
 * feed, and the data as it came. JSON has no bare line feed, so the first one is the end of the
 * header.
 */
import type { Entry, NewEntry } from "@bellwire/core/server";

/** Estimate, in bytes: a notification without its data. */
const ENTRY_BYTES = 64;

export function packed({ event, json, time, id, exclude }: NewEntry): string {
  return `${JSON.stringify([event, time, id ?? null, exclude ?? null])}\n${json}`;
}

/** The bytes that a notification counts. */
export function bytesOf({ json }: NewEntry): number {
  return Buffer.byteLength(json) + ENTRY_BYTES;
}

/** Undefined for a text that no program of this layout has written. */
export function unpacked(text: string, offset: number): Entry | undefined {
  const end = text.indexOf("\n");
  if (end < 0) return undefined;
  let header: unknown;
  try {
    header = JSON.parse(text.slice(0, end));
  } catch {
    return undefined;
  }
  if (!Array.isArray(header)) return undefined;
  const [event, time, id, exclude] = header as readonly unknown[];
  if (typeof event !== "string" || typeof time !== "number") return undefined;
  const json = text.slice(end + 1);
  return {
    event,
    json,
    time,
    offset,
    ...(typeof id === "string" && { id }),
    ...(typeof exclude === "string" && { exclude }),
  };
}

/** A message of a channel: `EPOCH OFFSET` and the notification. */
export function readMessage(message: string): { epoch: string; entry: Entry } | undefined {
  const [epoch = "", offset = ""] = message.slice(0, 100).split(" ", 2);
  if (!/^\d+$/.test(offset)) return undefined;
  const entry = unpacked(message.slice(epoch.length + offset.length + 2), Number(offset));
  return entry && { epoch, entry };
}
