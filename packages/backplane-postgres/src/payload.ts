/**
 * The payloads of NOTIFY. `hint SENDER TOPIC TOPIC …` says that the topics have new entries; `ping
 * SENDER N` proves that a connection for LISTEN is alive; `part SENDER N I/OF TOPIC TEXT` is a part
 * of a volatile entry, which is JSON. PostgreSQL limits a payload to 7,999 bytes.
 */
import type { Entry, NewEntry } from "@bellwire/core/server";

/** Bytes of a hint's topics, and of a part's text: room is left for the words before them. */
const BYTES = 7_600;

/** A payload as it was heard. */
export type Heard =
  | { readonly kind: "hint"; readonly sender: string; readonly topics: readonly string[] }
  | { readonly kind: "ping"; readonly sender: string; readonly n: number }
  | { readonly kind: "part"; readonly part: Part };

/** A part of a volatile entry. Those of one entry come one after another. */
export interface Part {
  readonly sender: string;
  readonly n: number;
  readonly index: number;
  readonly of: number;
  readonly topic: string;
  readonly text: string;
}

export function pingPayload(sender: string, n: number): string {
  return `ping ${sender} ${n}`;
}

/** As few payloads as hold all the topics. */
export function hintPayloads(sender: string, topics: Iterable<string>): readonly string[] {
  const payloads: string[] = [];
  let payload = "";
  for (const topic of topics) {
    if (payload.length + topic.length >= BYTES) {
      payloads.push(payload);
      payload = "";
    }
    payload = payload === "" ? `hint ${sender} ${topic}` : `${payload} ${topic}`;
  }
  if (payload !== "") payloads.push(payload);
  return payloads;
}

/** The parts of a volatile entry, which must be sent in one transaction. */
export function volatilePayloads(
  sender: string,
  n: number,
  topic: string,
  entry: NewEntry,
): readonly string[] {
  const { id, event, json, time, exclude } = entry;
  const texts = slices(JSON.stringify([event, json, time, id ?? null, exclude ?? null]));
  return texts.map((text, index) => `part ${sender} ${n} ${index}/${texts.length} ${topic} ${text}`);
}

/** Undefined for a payload that no version of this package has sent. */
export function readPayload(payload: string): Heard | undefined {
  const [kind, sender, ...rest] = payload.split(" ", 4);
  if (sender === undefined || sender === "") return undefined;
  if (kind === "hint") {
    const topics = payload.slice(kind.length + sender.length + 2).split(" ");
    return { kind, sender, topics };
  }
  if (kind === "ping") return { kind, sender, n: Number(rest[0]) };
  const found = kind === "part" ? /^part (\S+) (\d+) (\d+)\/(\d+) (\S+) /.exec(payload) : null;
  if (!found) return undefined;
  const [head, from = "", n, index, of, topic = ""] = found;
  const text = payload.slice(head.length);
  return {
    kind: "part",
    part: { sender: from, n: Number(n), index: Number(index), of: Number(of), topic, text },
  };
}

/** Puts the parts of volatile entries together. One that lacks a part is dropped. */
export class Parts {
  readonly #begun: Map<string, { readonly n: number; text: string; next: number }> = new Map();

  /** The entry whose last part this is. */
  add({ sender, n, index, of, text }: Part): Entry | undefined {
    if (of === 1) return entryOf(text);
    const begun = index === 0 ? { n, text: "", next: 0 } : this.#begun.get(sender);
    if (begun === undefined || begun.n !== n || begun.next !== index) {
      this.#begun.delete(sender);
      return undefined;
    }
    begun.text += text;
    begun.next += 1;
    this.#begun.set(sender, begun);
    if (begun.next < of) return undefined;
    this.#begun.delete(sender);
    return entryOf(begun.text);
  }

  /** Drops what is incomplete, after a connection was lost. */
  clear(): void {
    this.#begun.clear();
  }
}

function entryOf(text: string): Entry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const [event, json, time, id, exclude] = value as unknown[];
  if (typeof event !== "string" || typeof json !== "string" || typeof time !== "number") return undefined;
  return {
    event,
    json,
    time,
    id: typeof id === "string" ? id : undefined,
    exclude: typeof exclude === "string" ? exclude : undefined,
    offset: 0,
  };
}

/** Cuts a text into pieces of at most {@link BYTES} bytes of UTF-8, never within a character. */
function slices(text: string): readonly string[] {
  const bytes = Buffer.from(text);
  const pieces: string[] = [];
  for (let from = 0; from < bytes.length; ) {
    let to = Math.min(from + BYTES, bytes.length);
    while (to < bytes.length && ((bytes[to] ?? 0) & 0xc0) === 0x80) to -= 1;
    pieces.push(bytes.toString("utf8", from, to));
    from = to;
  }
  return pieces;
}
