/** Reads the body of a request that brings commands. */
import type { Sized } from "./inbox.ts";

/** One command, not decoded yet. */
export interface Command extends Sized {
  readonly text: string;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true });

/** The JSON text of each element of a body that is a JSON array in UTF-8; undefined when it is anything else. */
export function readCommands(body: Uint8Array): readonly Command[] | undefined {
  try {
    const text = UTF8.decode(body);
    const elements: unknown = JSON.parse(text);
    if (!Array.isArray(elements)) return undefined;
    // Every command pays an equal share: what counts is the sum.
    const bytes = Math.ceil(body.byteLength / elements.length);
    // Mostly there is one, and then its text is what stands between the brackets.
    if (elements.length === 1) return [{ text: text.trim().slice(1, -1), bytes }];
    // Throws for nesting so deep that the stack ends, which is no command either.
    return elements.map((element) => ({ text: JSON.stringify(element), bytes }));
  } catch {
    return undefined;
  }
}
