/** Reads the body of a request that carries commands. */
import type { Sized } from "./inbox.ts";

/** One command as JSON text. */
export interface Command extends Sized {
  readonly text: string;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** The commands in a body that is a JSON array in UTF-8; undefined for any other body. */
export function readCommands(body: Uint8Array): readonly Command[] | undefined {
  try {
    const text = UTF8.decode(body);
    const elements: unknown = JSON.parse(text);
    if (!Array.isArray(elements)) return undefined;
    // Every command counts for an equal share, because only the sum matters.
    const bytes = Math.ceil(body.byteLength / elements.length);
    // A single command, the usual case, is the text between the brackets.
    if (elements.length === 1) return [{ text: text.trim().slice(1, -1), bytes }];
    // `stringify` throws for nesting that exceeds the stack; no command nests so deeply.
    return elements.map((element) => ({ text: JSON.stringify(element), bytes }));
  } catch {
    return undefined;
  }
}
