/**
 * Lists of members between hubs, in parts, so that no message grows with the number of members.
 * Pure.
 */
import type { Member } from "../protocol/messages.ts";

/** The most characters of a part. */
const PART = 131_072;

/** A part of a hub's members at one number of its changes. */
export interface ListPart {
  readonly number: number;
  readonly part: number;
  readonly of: number;
  readonly members: readonly Member[];
}

/** The parts of a list; one for an empty list. */
export function partsOf(number: number, members: readonly Member[]): readonly ListPart[] {
  const parts: Member[][] = [[]];
  let size = 0;
  for (const member of members) {
    const more = JSON.stringify(member).length + 1;
    if (size + more > PART && size > 0) {
      parts.push([]);
      size = 0;
    }
    size += more;
    parts.at(-1)?.push(member);
  }
  return parts.map((own, part) => ({ number, part, of: parts.length, members: own }));
}

interface Collected {
  readonly number: number;
  readonly of: number;
  readonly parts: Map<number, readonly Member[]>;
}

/** Collects the parts of lists. Those that come with a repetition of the same list fill holes. */
export class MemberLists {
  readonly #collected: Map<string, Collected> = new Map();

  /** Takes a part. Returns the whole list once the last part is there. */
  take(hub: string, { number, part, of, members }: ListPart): readonly Member[] | undefined {
    if (of === 1) {
      this.#collected.delete(hub);
      return members;
    }
    let collected = this.#collected.get(hub);
    if (collected?.number !== number || collected.of !== of) {
      collected = { number, of, parts: new Map() };
      this.#collected.set(hub, collected);
    }
    collected.parts.set(part, members);
    if (collected.parts.size < of) return undefined;
    this.#collected.delete(hub);
    return Array.from(collected.parts.values()).flat();
  }

  forget(hub: string): void {
    this.#collected.delete(hub);
  }
}
