/**
 * The `id:` of a stock stream: one opaque text with the positions of all its topics, so that a
 * stock EventSource, which keeps only the last id, resumes all of them. A hash stands for a topic's
 * name, because every event repeats the id, and because it comes back as a request header, which
 * servers limit to some 16 KiB. Two topics with the same hash do no harm: their epochs differ, so
 * the hub answers a gap.
 */
import type { Position } from "@bellwire/core";

/** Characters of the longest cursor; a longer one is refused unread. */
const LONGEST = 16_384;
const ENTRY = /^([0-9a-z]{1,7}):([^:/]{1,192}):(\d{1,16})$/;
const EPOCH = /^[!-~]{1,64}$/;

/**
 * The positions of all topics of one stream. Immutable: a move makes a new cursor, so streams may
 * share one.
 */
export class Cursor {
  readonly topics: readonly string[];
  readonly #positions: ReadonlyMap<string, Position>;
  #text: string | undefined;

  constructor(positions: ReadonlyMap<string, Position>) {
    this.topics = [...positions.keys()];
    this.#positions = positions;
  }

  /** The position of a topic; undefined for one that the stream does not carry, or no longer. */
  at(topic: string): Position | undefined {
    return this.#positions.get(topic);
  }

  moved(topic: string, position: Position): Cursor {
    return new Cursor(new Map(this.#positions).set(topic, position));
  }

  without(topic: string): Cursor {
    const positions = new Map(this.#positions);
    positions.delete(topic);
    return new Cursor(positions);
  }

  /** Printable ASCII, legal in a header, in an `id:` line and, unescaped, in a query. */
  get text(): string {
    this.#text ??= this.topics.map((topic) => entryText(topic, this.#positions.get(topic))).join("/");
    return this.#text;
  }
}

/**
 * Reads a client's cursor. The result has the positions of those of `topics` that the cursor names;
 * the others start at their heads. Undefined for a text that is no cursor.
 */
export function readCursor(
  text: string,
  topics: readonly string[],
): ReadonlyMap<string, Position> | undefined {
  if (text.length > LONGEST) return undefined;
  const byHash = new Map<string, Position>();
  for (const entry of text.split("/")) {
    const [, hash, encoded, digits] = ENTRY.exec(entry) ?? [];
    const epoch = encoded === undefined ? undefined : decoded(encoded);
    const offset = Number(digits);
    if (hash === undefined || epoch === undefined || !Number.isSafeInteger(offset)) return undefined;
    byHash.set(hash, { epoch, offset });
  }
  const positions = new Map<string, Position>();
  for (const topic of topics) {
    const position = byHash.get(hashOf(topic));
    if (position) positions.set(topic, position);
  }
  return positions;
}

function entryText(topic: string, position: Position | undefined): string {
  return position ? `${hashOf(topic)}:${encodeURIComponent(position.epoch)}:${position.offset}` : "";
}

function decoded(encoded: string): string | undefined {
  try {
    const epoch = decodeURIComponent(encoded);
    return EPOCH.test(epoch) ? epoch : undefined;
  } catch {
    return undefined;
  }
}

/** 32 bits of FNV-1a, in base 36. Topics are ASCII, so code units are bytes. */
function hashOf(topic: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < topic.length; index += 1) {
    hash = Math.imul(hash ^ topic.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0).toString(36);
}
