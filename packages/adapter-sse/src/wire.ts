/** Encodes what a stream carries, each batch once for all the streams that get it. */
import { encodeOnce, encodeServerMessage, type ServerMessage } from "@bellwire/core/adapter";
import type { Cursor } from "./cursor.ts";
import { COMMENT, eventText } from "./event-text.ts";
import { translate } from "./stock-events.ts";

/** A translated batch, and where the stream stands after it. `bytes` is undefined when there is nothing to write. */
export interface StockChunk {
  readonly bytes: Uint8Array | undefined;
  readonly cursor: Cursor;
}

/** The encodings of one framing, shared by all its streams. */
export interface Wire {
  /** Puts text into the framing of the connection. */
  frame(text: string): Uint8Array;
  readonly comment: Uint8Array;
  /** A batch for Bellwire's own client. */
  batch(batch: readonly ServerMessage[]): Uint8Array;
  /** A batch for a stock client that stands at `cursor`. */
  stock(batch: readonly ServerMessage[], cursor: Cursor): StockChunk;
}

/** Makes the encodings of one framing. */
export function createWire(frame: (text: string) => Uint8Array): Wire {
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

/** Remembers the last batch, as `encodeOnce` does; the text also depends on where the stream stands. */
function stockOnce(frame: (text: string) => Uint8Array): Wire["stock"] {
  let last: { batch: readonly ServerMessage[]; at: string; chunk: StockChunk } | undefined;
  return (batch, cursor) => {
    if (last?.batch === batch && last.at === cursor.text) return last.chunk;
    const { text, cursor: moved } = translate(batch, cursor);
    const chunk = { bytes: text === "" ? undefined : frame(text), cursor: moved };
    last = { batch, at: cursor.text, chunk };
    return chunk;
  };
}
