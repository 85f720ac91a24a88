/** Writes down every attempt to publish, for the ledger. */
import type { Position } from "../protocol/messages.ts";
import type { KitEvent, Numbered } from "./kit-topics.ts";
import { dataText } from "./ledger.ts";
import type { PublishEntry } from "./run-log.ts";

/** A publish that is about to be made. */
export interface Attempt {
  readonly topic: string;
  readonly event: KitEvent;
  readonly data: Numbered;
  readonly id?: string | undefined;
  readonly excluded?: string | undefined;
}

/** Every attempt of a run, in order. */
export class PublishLog {
  readonly entries: PublishEntry[] = [];
  #count = 0;

  /** Publishes under the attempt's id, or a generated one, and logs the outcome. */
  async record<T>(
    attempt: Attempt,
    publish: (id: string) => Promise<T>,
    place: (answer: T) => Position | null,
  ): Promise<T> {
    const { topic, event, data, excluded } = attempt;
    const id = attempt.id ?? `p${++this.#count}`;
    const kind = event === "typing" ? "volatile" : event === "scored" ? "conflated" : "logged";
    const entry = { topic, id, data: dataText(data), kind, key: String(data.text), excluded } as const;
    // Until it is acknowledged, the notification may or may not be in the log.
    const index = this.entries.push({ ...entry, acknowledged: false, position: null }) - 1;
    const answer = await publish(id);
    this.entries[index] = { ...entry, acknowledged: true, position: place(answer) };
    return answer;
  }
}
