/** Encodes the content of streams: each batch once for all the streams that it goes to. */
import { encodeOnce, encodeServerMessage, type ServerMessage } from "@bellwire/core/adapter";
import type { Cursor } from "../stock/cursor.ts";
import { translate } from "../stock/events.ts";
import { COMMENT, eventText } from "./event-text.ts";

/** A translated batch, and the cursor of the stream after it. */
export interface StockChunk {
  /** Undefined when there is nothing to write. */
  readonly bytes: Uint8Array | undefined;
  readonly cursor: Cursor;
}

/** The encodings of one framing, which all its streams share. */
export interface Encoding {
  /** Puts text into the framing of the connection. */
  frame(text: string): Uint8Array;
  readonly comment: Uint8Array;
  /** A batch for Bellwire's own client. */
  batch(batch: readonly ServerMessage[]): Uint8Array;
  /** A batch for a stock client whose stream is at `cursor`. */
  stock(batch: readonly ServerMessage[], cursor: Cursor): StockChunk;
}

/** Makes the encodings of one framing. */
export function createEncoding(frame: (text: string) => Uint8Array): Encoding {
  return {
    frame,
    comment: frame(COMMENT),
    batch: encodeOnce((batch: readonly ServerMessage[]) => frame(batchText(batch))),
    stock: stockOnce(frame),
  };
}

function batchText(batch: readonly ServerMessage[]): string {
  let text = "";
  for (const message of batch) text += eventText({ data: encodeServerMessage(message) });
  return text;
}

/**
 * Remembers the last batch, as `encodeOnce` does, and the cursor, on which the text depends, too.
 */
function stockOnce(frame: (text: string) => Uint8Array): Encoding["stock"] {
  let last: { batch: readonly ServerMessage[]; at: string; chunk: StockChunk } | undefined;
  return (batch, cursor) => {
    if (last?.batch === batch && last.at === cursor.text) return last.chunk;
    const { text, cursor: moved } = translate(batch, cursor);
    const chunk = { bytes: text === "" ? undefined : frame(text), cursor: moved };
    last = { batch, at: cursor.text, chunk };
    return chunk;
  };
}
