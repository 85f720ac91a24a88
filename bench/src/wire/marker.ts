/**
 * Counts notifications in a byte stream without parsing it, alike for every wire. The data of each
 * notification of the fan-out holds one "¶"; nothing else that is sent does, as envelopes are ASCII
 * and no length field can hold 0xC2B6.
 */

/** The character that is in each notification exactly once. */
export const MARKER = "¶";

const LEAD = 0xc2;
const TRAIL = 0xb6;

/** Counts the marker over the pieces of one stream, also where a piece ends in its middle. */
export class MarkerCount {
  /** Markers so far. */
  count = 0;
  #leadIsLast = false;

  add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    if (this.#leadIsLast && piece[0] === TRAIL) this.count += 1;
    for (let at = piece.indexOf(TRAIL, 1); at !== -1; at = piece.indexOf(TRAIL, at + 1)) {
      if (piece[at - 1] === LEAD) this.count += 1;
    }
    this.#leadIsLast = piece[piece.length - 1] === LEAD;
  }
}
