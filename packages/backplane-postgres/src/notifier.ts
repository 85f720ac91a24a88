/** Sends by NOTIFY: volatile entries in the order of the calls, hints, and pings. */
import { randomId } from "@bellwire/core/adapter";
import type { NewEntry } from "@bellwire/core/server";
import { within } from "./drivers/driver.ts";
import type { Engine } from "./engine.ts";
import { closedError, rejectionOf } from "./failures.ts";
import { hintPayloads, pingPayload, volatilePayloads } from "./payload.ts";

/** The most volatile entries, and about the most payloads, that one statement sends. */
const BATCH = 200;
const PAYLOADS = 500;

/** Milliseconds between two statements for hints alone, since each takes a lock of the server. */
const PAUSE = 5;

interface Waiting {
  readonly payloads: readonly string[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export class Notifier {
  /** Names this instance in payloads, so that it can tell its own hints. */
  readonly name: string = randomId(12);
  readonly #engine: Engine;
  readonly #waiting: Waiting[] = [];
  readonly #hints: Set<string> = new Set();
  #sending = false;
  #spreads = 0;
  /** The moment of the last hints. */
  #hinted = 0;
  #hintTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Resolves when the database has taken the entry. */
  async spread(topic: string, entry: NewEntry): Promise<void> {
    this.#spreads += 1;
    await this.#put(volatilePayloads(this.name, this.#spreads, topic, entry));
  }

  /**
   * Says that a topic has new entries, at once or {@link PAUSE} after the last hints. The loss of a
   * hint is found by polls.
   */
  hint(topic: string): void {
    this.#hints.add(topic);
    if (this.#hints.size > 1 || this.#hintTimer) return;
    const pause = this.#hinted + PAUSE - performance.now();
    if (pause <= 0) void this.#send();
    else
      this.#hintTimer = setTimeout(() => {
        this.#hintTimer = undefined;
        void this.#send();
      }, pause);
  }

  async ping(n: number): Promise<void> {
    await this.#put([pingPayload(this.name, n)]);
  }

  async #put(payloads: readonly string[]): Promise<void> {
    if (this.#engine.closed) throw closedError();
    let waiting: Waiting | undefined;
    const taken = new Promise<void>((resolve, reject) => {
      waiting = { payloads, resolve, reject };
      this.#waiting.push(waiting);
    });
    void this.#send();
    try {
      await within(this.#engine.settings.timeout, taken);
    } catch (error) {
      // One that still waits will never be sent.
      const at = this.#waiting.findIndex((other) => other === waiting);
      if (at >= 0) this.#waiting.splice(at, 1);
      throw rejectionOf(error);
    }
  }

  /** One statement at a time keeps the order; what comes meanwhile shares the next one. */
  async #send(): Promise<void> {
    if (this.#sending) return;
    this.#sending = true;
    await Promise.resolve();
    while (this.#waiting.length + this.#hints.size > 0) {
      const batch = this.#waiting.splice(0, fitting(this.#waiting));
      const payloads = batch.flatMap((one) => one.payloads).concat(hintPayloads(this.name, this.#hints));
      if (this.#hints.size > 0) this.#hinted = performance.now();
      this.#hints.clear();
      try {
        // The parts of an entry are sent in one transaction, so that nothing comes between them.
        await this.#engine.query(
          "select count(pg_notify($1::text, value)) from json_array_elements_text($2::text::json)",
          [this.#engine.names.channel, JSON.stringify(payloads)],
        );
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#sending = false;
  }
}

function fitting(waiting: readonly Waiting[]): number {
  let payloads = 0;
  let count = 0;
  for (const one of waiting) {
    payloads += one.payloads.length;
    if (count > 0 && (count >= BATCH || payloads > PAYLOADS)) break;
    count += 1;
  }
  return count;
}
