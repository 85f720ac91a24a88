/**
 * Stands for an engine that several processes share, such as Redis: commands run one after another
 * and are atomic, and published messages reach subscribers later, in order.
 */
import { randomUUID } from "node:crypto";
import type { Entry } from "@bellwire/core/server";

/** A topic as the engine stores it. */
export interface StoredTopic {
  readonly epoch: string;
  readonly entries: Entry[];
  /** Offsets by publisher and id, the oldest first; `at` is milliseconds since 1970. */
  readonly ids: Map<string, { readonly offset: number; readonly at: number }>;
  head: number;
}

export class Engine {
  readonly #topics = new Map<string, StoredTopic>();
  readonly #subscribers = new Map<string, Set<(message: string) => void>>();

  /** Runs a command on a topic. The first command of a topic begins its numbering. */
  async command<T>(topic: string, run: (stored: StoredTopic) => T): Promise<T> {
    await nextTurn();
    const stored = this.#topics.get(topic) ?? { epoch: randomUUID(), entries: [], ids: new Map(), head: 0 };
    this.#topics.set(topic, stored);
    return run(stored);
  }

  publish(topic: string, message: string): void {
    setImmediate(() => {
      for (const receive of this.#subscribers.get(topic) ?? []) receive(message);
    });
  }

  async subscribe(topic: string, receive: (message: string) => void): Promise<() => void> {
    await nextTurn();
    const all = this.#subscribers.get(topic) ?? new Set();
    this.#subscribers.set(topic, all.add(receive));
    return () => void all.delete(receive);
  }

  /** Restarts without persistence: everything that was stored is lost. */
  restart(): void {
    this.#topics.clear();
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
