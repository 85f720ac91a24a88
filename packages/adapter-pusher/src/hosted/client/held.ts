/**
 * Arrivals that came before their turn, of one numbering at a time. Pure: every change is a copy.
 */
import type { Position } from "@bellwire/core";
import type { Notified } from "@bellwire/core/adapter";

/**
 * An arrival for one place of a topic. `stored`: the notification is in the history only. `skip`:
 * the place is not for this subscriber.
 */
export type Arrival =
  | { readonly kind: "notification"; readonly message: Notified }
  | { readonly kind: "stored" | "skip" };

/** The largest number of arrivals that are held. */
const BOUND = 256;

export interface Held {
  readonly epoch: string | undefined;
  readonly arrivals: ReadonlyMap<number, Arrival>;
}

/** Nothing is held. */
export const NOTHING: Held = { epoch: undefined, arrivals: new Map() };

/** Whether the next arrival displaces the farthest one. */
export function isFull({ arrivals }: Held): boolean {
  return arrivals.size >= BOUND;
}

/** The earliest place that is held; undefined when nothing is. */
export function earliest({ epoch, arrivals }: Held): Position | undefined {
  if (epoch === undefined || arrivals.size === 0) return undefined;
  return { epoch, offset: Math.min(...arrivals.keys()) };
}

/** The arrival at a place. */
export function heldAt(held: Held, { epoch, offset }: Position): Arrival | undefined {
  return epoch === held.epoch ? held.arrivals.get(offset) : undefined;
}

/**
 * Holds one more arrival; beyond the bound the farthest one is dropped. `current` is the epoch that
 * was delivered last.
 */
export function hold(
  held: Held,
  { epoch, offset }: Position,
  arrival: Arrival,
  current: string | undefined,
): Held {
  const isOther = epoch !== held.epoch;
  // The epoch that was not delivered yet is the newer of two. Between two such epochs nothing here
  // can decide, and the one that arrived last replaces the other.
  if (isOther && held.arrivals.size > 0 && epoch === current) return held;
  const arrivals = new Map(isOther ? [] : held.arrivals);
  // A repetition may be the event itself, after a mark that it is stored.
  if (!arrivals.has(offset) || arrival.kind === "notification") arrivals.set(offset, arrival);
  if (arrivals.size > BOUND) arrivals.delete(Math.max(...arrivals.keys()));
  return { epoch, arrivals };
}

/** Drops everything except the arrivals after a place; without a place, everything. */
export function heldAfter(held: Held, place: Position | undefined): Held {
  if (held.arrivals.size === 0 || !place || place.epoch !== held.epoch)
    return { ...held, arrivals: new Map() };
  return {
    epoch: held.epoch,
    arrivals: new Map(Array.from(held.arrivals).filter(([offset]) => offset > place.offset)),
  };
}
