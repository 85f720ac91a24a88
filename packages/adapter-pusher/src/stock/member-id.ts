/**
 * Ids of members as they were signed. Pusher's server libraries sign numbers as well as strings,
 * and clients must receive the id that was signed; on the hub an id is a string. A member whose id
 * was a number has a flag beside its info, which the backplane carries with the member.
 */
import type { Member } from "@bellwire/core";

/** A member as it stands on the hub. */
export interface SignedMember extends Member {
  /** The id was signed as a number. Absent for a string, and for members of other transports. */
  readonly numeric?: true;
}

/** The id as it was signed. */
export function signedId({ id, numeric }: SignedMember): string | number {
  return numeric ? Number(id) : id;
}

/**
 * The number of departed members whose numeric ids a channel remembers: slower connections still
 * have to be notified of them.
 */
const GONE = 1_000;

interface NumericIds {
  readonly present: Set<string>;
  /** The one that left first comes first. */
  readonly gone: Set<string>;
}

/**
 * Remembers which ids are numbers on each channel, because the hub's message about a departure
 * holds nothing but the id.
 */
export class MemberIds {
  readonly #channels: Map<string, NumericIds> = new Map();

  /** A member is on a channel. */
  came(channel: string, { id, numeric }: SignedMember): void {
    const known = this.#channels.get(channel);
    known?.gone.delete(id);
    if (!numeric) known?.present.delete(id);
    else if (known) known.present.add(id);
    else this.#channels.set(channel, { present: new Set([id]), gone: new Set() });
  }

  /** A member left. Returns its id as it was signed, also to later callers. */
  left(channel: string, id: string): string | number {
    const { present, gone } = this.#channels.get(channel) ?? {};
    if (!present || !gone) return id;
    if (present.delete(id)) gone.add(id);
    const isNumber = gone.has(id);
    const [oldest] = gone;
    if (gone.size > GONE && oldest !== undefined) gone.delete(oldest);
    return isNumber ? Number(id) : id;
  }

  /** The channel has no connections any more. */
  vacated(channel: string): void {
    this.#channels.delete(channel);
  }
}
