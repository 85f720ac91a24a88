/**
 * Ids of members as they were signed. Pusher's servers sign numbers as well as texts, and clients are told what was signed; for the hub
 * an id is a text. A member whose id was a number says so beside its info, and hubs hand that on to each other with the member.
 */
import type { Member } from "@bellwire/core";

/** A member as the emulator gives it to the hub. */
export interface SignedMember extends Member {
  /** The id was signed as a number. Absent on other wires, and for a text. */
  readonly numeric?: true;
}

/** The id as it was signed. */
export function signedId({ id, numeric }: SignedMember): string | number {
  return numeric ? Number(id) : id;
}

/** Numbers that are remembered of a channel after their members have left: of some, slower connections have still to hear. */
const GONE = 1_000;

interface NumericIds {
  readonly present: Set<string>;
  /** The one that left first comes first. */
  readonly gone: Set<string>;
}

/** Remembers which ids are numbers on each channel: when a member leaves, the hub says its id and nothing else. */
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

  /** A member left. Answers with its id as it was signed, however many ask. */
  left(channel: string, id: string): string | number {
    const { present, gone } = this.#channels.get(channel) ?? {};
    if (!present || !gone) return id;
    if (present.delete(id)) gone.add(id);
    const isNumber = gone.has(id);
    const [oldest] = gone;
    if (gone.size > GONE && oldest !== undefined) gone.delete(oldest);
    return isNumber ? Number(id) : id;
  }

  /** No connection is on the channel any more. */
  vacated(channel: string): void {
    this.#channels.delete(channel);
  }
}
