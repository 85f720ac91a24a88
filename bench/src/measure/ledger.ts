/**
 * Exact accounting of a replay: who was due which notification of which topic, and what came. It counts what the
 * applications saw and believes no library's own counters.
 */

/** What became of everything that was due. */
export interface Account {
  /** Deliveries due: every notification times the subscribers of its topic. */
  readonly expected: number;
  /** Deliveries that came, each counted once. */
  readonly delivered: number;
  /** Due and never came. */
  readonly lost: number;
  /** Came again after it had come. */
  readonly doubled: number;
  /** Came for the first time after a later one of the same topic had come to the same subscriber. */
  readonly disordered: number;
  /** Came to somebody who was not due it. */
  readonly stray: number;
}

interface Track {
  readonly due: Set<number>;
  readonly seen: Set<number>;
  newest: number;
}

/** One ledger judges one contender over all its rounds. A delivery is (subscriber, topic, sequence). */
export class Ledger {
  readonly #tracks: Map<string, Map<string, Track>> = new Map();
  readonly #subscribers: Map<string, string[]> = new Map();
  readonly #last: Map<string, number> = new Map();
  #expected = 0;
  #delivered = 0;
  #doubled = 0;
  #disordered = 0;
  #stray = 0;

  /** Says that a subscriber is due everything that is published to the topic from now on. */
  subscribed(subscriber: string, topic: string): void {
    let topics = this.#tracks.get(subscriber);
    if (!topics) this.#tracks.set(subscriber, (topics = new Map()));
    if (topics.has(topic)) return;
    topics.set(topic, { due: new Set(), seen: new Set(), newest: -1 });
    const subscribers = this.#subscribers.get(topic);
    if (subscribers) subscribers.push(subscriber);
    else this.#subscribers.set(topic, [subscriber]);
  }

  /** Enters a notification that will be published; sequences must grow. Returns how many subscribers are due it. */
  published(topic: string, sequence: number): number {
    const subscribers = this.#subscribers.get(topic) ?? [];
    for (const subscriber of subscribers) this.#tracks.get(subscriber)?.get(topic)?.due.add(sequence);
    this.#last.set(topic, sequence);
    this.#expected += subscribers.length;
    return subscribers.length;
  }

  /** Enters a delivery. Returns whether it was due and is the first of its kind. */
  delivered(subscriber: string, topic: string, sequence: number): boolean {
    const track = this.#tracks.get(subscriber)?.get(topic);
    if (!track?.due.has(sequence)) {
      this.#stray += 1;
      return false;
    }
    if (track.seen.has(sequence)) {
      this.#doubled += 1;
      return false;
    }
    track.seen.add(sequence);
    this.#delivered += 1;
    if (sequence < track.newest) this.#disordered += 1;
    else track.newest = sequence;
    return true;
  }

  /** Whether everything that is due so far has come. */
  get complete(): boolean {
    return this.#delivered === this.#expected;
  }

  /** Whether everybody has the last that is due of every topic; on a wire that keeps order, what is missing now never comes. */
  get caughtUp(): boolean {
    for (const topics of this.#tracks.values())
      for (const [topic, { due, newest }] of topics)
        if (due.size > 0 && newest !== this.#last.get(topic)) return false;
    return true;
  }

  account(): Account {
    return {
      expected: this.#expected,
      delivered: this.#delivered,
      lost: this.#expected - this.#delivered,
      doubled: this.#doubled,
      disordered: this.#disordered,
      stray: this.#stray,
    };
  }
}
