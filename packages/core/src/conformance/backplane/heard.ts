/** The deliveries that one listener received. */
import assert from "node:assert/strict";
import type { Backplane, Entry } from "../../server/index.ts";
import { until } from "../session-log.ts";

/** The fields of an entry. An absent one and one that is undefined are the same; null is not. */
export function comparable({ id, event, json, time, exclude, offset }: Entry): Entry {
  return { id, event, json, time, exclude, offset };
}

/** Listens to one topic and keeps every delivery in its order. */
export class Heard {
  readonly entries: Entry[] = [];
  /** The epoch that came with each entry. */
  readonly epochs: string[] = [];
  readonly #patience: number;
  #stop: () => void = () => {};

  private constructor(patience: number) {
    this.#patience = patience;
  }

  /** Resolves when the backplane's `listen` has. `then` is called within each delivery. */
  static async listen(
    backplane: Backplane,
    topic: string,
    patience: number,
    then: (entry: Entry, epoch: string) => void,
  ): Promise<Heard> {
    const heard = new Heard(patience);
    heard.#stop = await backplane.listen(topic, (epoch, entry) => {
      heard.entries.push(comparable(entry));
      heard.epochs.push(epoch);
      then(comparable(entry), epoch);
    });
    return heard;
  }

  get offsets(): readonly number[] {
    return this.entries.map(({ offset }) => offset);
  }

  get jsons(): readonly string[] {
    return this.entries.map(({ json }) => json);
  }

  /** Waits until so many deliveries have come. */
  async count(deliveries: number): Promise<void> {
    await this.until(() => this.entries.length >= deliveries, `${deliveries} deliveries`);
  }

  /** Waits until `done` is true. Rejects after the case's patience, with what came instead. */
  async until(done: () => boolean, what: string): Promise<void> {
    const came = (): string =>
      `${this.entries.length} came, the last: ${JSON.stringify(this.entries.at(-1))}`;
    await until(done, what, this.#patience, came);
  }

  /** Waits for as many deliveries as offsets are given, and fails unless they are these. */
  async hears(offsets: readonly number[]): Promise<void> {
    await this.count(offsets.length);
    assert.deepEqual(this.offsets, offsets);
  }

  stop(): void {
    this.#stop();
  }
}
