/** The appends of one topic that wait for their turn, in the order of the calls. */
import { createHash } from "node:crypto";
import type { NewEntry } from "@bellwire/core/server";

/** The position of an append. */
export interface Appended {
  readonly epoch: string;
  readonly offset: number;
  /** Whether this append stored the entry; false when its id was known. */
  readonly fresh: boolean;
}

/** One append without an answer so far. */
export interface Waiting {
  readonly entry: NewEntry;
  /** The moment at which its caller is rejected. */
  readonly until: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
  /** Its caller was rejected: it must not be appended any more. */
  over: boolean;
}

export class Lane {
  readonly topic: string;
  /** A statement with entries of this topic is under way, or will be. */
  busy = false;
  #waiting: Waiting[] = [];

  constructor(topic: string) {
    this.topic = topic;
  }

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  add(waiting: Waiting): void {
    this.#waiting.push(waiting);
  }

  drop(waiting: Waiting): void {
    waiting.over = true;
    this.#waiting = this.#waiting.filter((other) => other !== waiting);
  }

  /** Puts back what could not be appended yet. */
  putBack(batch: readonly Waiting[]): void {
    this.#waiting.unshift(...batch.filter(({ over }) => !over));
  }

  /** Takes the first entries: at most `most`, of at most `length` characters, but at least one. */
  take(most: number, length: number): readonly Waiting[] {
    let taken = 0;
    let count = 0;
    for (const { entry } of this.#waiting) {
      taken += entry.json.length;
      if (count > 0 && (count >= most || taken > length)) break;
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

/** An entry as the SQL functions take it. */
export function stored({ publisher, ...entry }: NewEntry): object {
  // A publisher's name may be long, and may have characters that no text of PostgreSQL holds.
  const owner =
    publisher === undefined || entry.id === undefined
      ? undefined
      : createHash("sha256").update(publisher).digest("base64url");
  return { ...entry, publisher: owner };
}
