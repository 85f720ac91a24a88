/** A publish as it is stored. */
import { readClientMessage } from "../../protocol/codec.ts";
import type { Publish } from "../../protocol/messages.ts";
import type { Pending } from "../outbox.ts";

export interface Kept {
  readonly message: Omit<Publish, "ref">;
  /** When it was sent first, by the wall clock; 0 if never. */
  readonly sent: number;
}

export function keptText(message: Pending["message"], sent: number): string {
  return JSON.stringify({ sent, message });
}

/** Reads what is stored. Undefined: it is not what a page of ours has written. */
export function readKept(text: string): Kept | undefined {
  try {
    const { sent, message } = JSON.parse(text);
    const read = readClientMessage({ ...message, ref: 1 });
    if (typeof sent !== "number" || sent < 0 || !read.ok || read.message.type !== "publish") return;
    const { ref: _, ...publish } = read.message;
    return { message: publish, sent };
  } catch {
    return undefined;
  }
}
