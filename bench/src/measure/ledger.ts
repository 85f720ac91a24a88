/**
 * Exact accounting of a replay: who was due which notification of which topic, and what came. It
 * counts what the applications saw and believes no library's own counters.
 */

/** The account of everything that was due. */
export interface Account {
  /** Deliveries due: every notification times the subscribers of its topic. */
  readonly expected: number;
  /** Deliveries that came, each counted once. */
  readonly delivered: number;
  /** Due and never came. */
  readonly lost: number;
  /** Came again after it had come. */
  readonly doubled: number;
  /**
   * Came for the first time after a later one of the same topic had come to the same subscriber.
   */
  readonly disordered: number;
  /** Came to somebody who was not due it. */
  readonly stray: number;
}

/** The sum over several ledgers. */
export function sumOf(accounts: readonly Account[]): Account {
  const sum = (key: keyof Account): number => accounts.reduce((total, account) => total + account[key], 0);
  return {
    expected: sum("expected"),
    delivered: sum("delivered"),
    lost: sum("lost"),
    doubled: sum("doubled"),
    disordered: sum("disordered"),
    stray: sum("stray"),
  };
}

interface Subscriber {
  readonly topics: Map<string, Track>;
  /** Due and not come yet. */
  missing: number;
}

interface Track {
  readonly due: Set<number>;
  readonly seen: Set<number>;
  newest: number;
}

/**
 * One ledger judges one contender over all its rounds. A delivery is (subscriber, topic, sequence).
 */
export class Ledger {
  readonly #subscribers: Map<string, Subscriber> = new Map();
  readonly #topics: Map<string, Subscriber[]> = new Map();
  readonly #last: Map<string, number> = new Map();
  #expected = 0;
  #delivered = 0;
  #doubled = 0;
  #disordered = 0;
  #stray = 0;

  /** Says that a subscriber is due everything that is published to the topic from now on. */
  subscribed(subscriber: string, topic: string): void {
    let entry = this.#subscribers.get(subscriber);
    if (!entry) this.#subscribers.set(subscriber, (entry = { topics: new Map(), missing: 0 }));
    if (entry.topics.has(topic)) return;
    entry.topics.set(topic, { due: new Set(), seen: new Set(), newest: -1 });
    const entries = this.#topics.get(topic);
    if (entries) entries.push(entry);
    else this.#topics.set(topic, [entry]);
  }

  /**
   * Enters a notification that will be published; sequences must grow. Returns how many subscribers
   * are due it.
   */
  published(topic: string, sequence: number): number {
    const subscribers = this.#topics.get(topic) ?? [];
    for (const subscriber of subscribers) {
      subscriber.topics.get(topic)?.due.add(sequence);
      subscriber.missing += 1;
    }
    this.#last.set(topic, sequence);
    this.#expected += subscribers.length;
    return subscribers.length;
  }

  /** Enters a delivery. Returns whether it was due and is the first of its kind. */
  delivered(subscriber: string, topic: string, sequence: number): boolean {
    const entry = this.#subscribers.get(subscriber);
    const track = entry?.topics.get(topic);
    if (!entry || !track?.due.has(sequence)) {
      this.#stray += 1;
      return false;
    }
    if (track.seen.has(sequence)) {
      this.#doubled += 1;
      return false;
    }
    track.seen.add(sequence);
    this.#delivered += 1;
    entry.missing -= 1;
    if (sequence < track.newest) this.#disordered += 1;
    else track.newest = sequence;
    return true;
  }

  /** Whether everything that is due so far has come. */
  get complete(): boolean {
    return this.#delivered === this.#expected;
  }

  /** The subscribers to whom something that is due so far has not come. */
  behind(): string[] {
    return Array.from(this.#subscribers)
      .filter(([, { missing }]) => missing > 0)
      .map(([subscriber]) => subscriber);
  }

  /**
   * Whether a subscriber has the last that is due of every topic; on a wire that keeps order, what
   * is missing now never comes.
   */
  hasLast(subscriber: string): boolean {
    for (const [topic, { due, newest }] of this.#subscribers.get(subscriber)?.topics ?? [])
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
