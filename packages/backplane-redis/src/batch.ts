/** The appends of one tick, which go to Redis in one call. */
import type { Position } from "@bellwire/core";
import type { NewEntry } from "@bellwire/core/server";
import type { Engine } from "./engine.ts";
import type { Layout } from "./layout.ts";
import type { Settings } from "./options.ts";
import { bytesOf, packed } from "./payload.ts";

/** Appends of one call, at most: Redis serves nobody else while it runs. */
const COUNT = 64;
/** Bytes of the notifications of one call, at most, unless one has more by itself. */
const BYTES = 262_144;

interface Append {
  readonly topic: string;
  readonly text: string;
  readonly bytes: number;
  /** The key of the id. */
  readonly id: string | undefined;
  readonly resolve: (position: Position) => void;
  readonly reject: (error: unknown) => void;
}

export interface BatchOptions {
  readonly engine: Engine;
  readonly layout: Layout;
  readonly settings: Settings;
  /** Makes an epoch that was never there, or its start. */
  readonly epochs: () => string;
}

export class Batch {
  readonly #options: BatchOptions;
  #appends: Append[] = [];
  #bytes = 0;

  constructor(options: BatchOptions) {
    this.#options = options;
  }

  /** Appends at the end of this tick, or earlier by `flush`. */
  append(topic: string, entry: NewEntry): Promise<Position> {
    return new Promise((resolve, reject) => {
      const { layout } = this.#options;
      const bytes = bytesOf(entry);
      const id = entry.id === undefined ? undefined : layout.id(topic, entry.id, entry.publisher);
      const append = { topic, text: packed(entry), bytes, id, resolve, reject };
      if (this.#bytes + bytes > BYTES) this.flush();
      this.#bytes += bytes;
      const count = this.#appends.push(append);
      if (count === 1) process.nextTick(() => this.flush());
      else if (count === COUNT) this.flush();
    });
  }

  /** Sends what is there, so that a command that follows comes after it. */
  flush(): void {
    if (this.#appends.length === 0) return;
    const appends = this.#appends;
    this.#appends = [];
    this.#bytes = 0;
    void this.#send(appends);
  }

  async #send(appends: readonly Append[]): Promise<void> {
    const { engine, settings } = this.#options;
    try {
      const { keys, args } = this.#call(appends);
      const appended = engine.batch(keys, args);
      // Sent at once, so that nothing else comes between.
      const replicated = settings.replicas > 0 ? engine.replicated() : undefined;
      replicated?.catch(() => {});
      const positions = await appended;
      const late = await replicated?.then(
        () => undefined,
        (error: unknown) => error,
      );
      for (const [n, { topic, resolve, reject }] of appends.entries()) {
        const reply = positions[n] ?? " ";
        const failure = engine.failureOf(reply, topic) ?? late;
        if (failure === undefined) resolve(positionOf(reply));
        else reject(failure);
      }
    } catch (error) {
      for (const { reject } of appends) reject(error);
    }
  }

  /** See `BATCH`: each topic is named once. */
  #call(appends: readonly Append[]): { keys: string[]; args: string[] } {
    const { layout, settings, epochs } = this.#options;
    const { size, ttl, bytes: cap } = settings.history;
    const numbers = new Map<string, number>();
    for (const { topic } of appends) if (!numbers.has(topic)) numbers.set(topic, numbers.size + 1);
    const topics = Array.from(numbers.keys());
    const keys = topics.flatMap((topic) => layout.keys(topic));
    const args = [epochs(), String(ttl), String(size), String(cap), String(topics.length)];
    for (const topic of topics) args.push(layout.channel(topic));
    for (const { topic, id, text, bytes } of appends) {
      const place = id === undefined ? 0 : keys.push(id);
      args.push(String(numbers.get(topic)), String(place), text, String(bytes));
    }
    return { keys, args };
  }
}

/** Of `EPOCH OFFSET`. */
function positionOf(text: string): Position {
  const space = text.indexOf(" ");
  return { epoch: text.slice(0, space), offset: Number(text.slice(space + 1)) };
}
