/** Logs everything that a channel hands to its listeners, for the ledger and for error texts. */
import type { Gap, Notification } from "../client/index.ts";
import type { BellwireError } from "../errors.ts";
import type { Position } from "../protocol/messages.ts";
import { dataText } from "./ledger.ts";
import type { SessionEntries, SessionEntry } from "./run-log.ts";

/** The part of a subscription that a log listens to. */
export interface Followed {
  readonly topic: string;
  readonly position: Position | undefined;
  onAny(listener: (notification: Notification) => unknown): () => void;
  onGap(listener: (gap: Gap) => unknown): () => void;
  onEnd(listener: (error: BellwireError) => unknown): () => void;
  ready(): Promise<Position>;
  close(): void;
}

/** Milliseconds between two checks of a condition that is waited for. */
const LOOK = 3;

/** The log of one channel object. */
export class SessionLog implements SessionEntries {
  readonly session: string;
  readonly entries: SessionEntry[] = [];
  /** Notifications as the listeners got them, in order. */
  readonly notifications: Notification[] = [];
  readonly gaps: Gap[] = [];
  /** Why subscriptions ended, by topic. */
  readonly ends: Map<string, BellwireError> = new Map();
  readonly #following: Map<string, Followed> = new Map();

  constructor(session: string) {
    this.session = session;
  }

  /** Subscriptions that have neither been closed nor ended. */
  get following(): Iterable<Followed> {
    return this.#following.values();
  }

  /** Logs every event of a subscription from now on. Call it before anything else is awaited. */
  follow(subscription: Followed): void {
    const { topic } = subscription;
    this.#following.set(topic, subscription);
    // A notification may come before the promise of `ready` calls back; it is logged after it.
    let early: SessionEntry[] | undefined = [];
    const add = (entry: SessionEntry): void => void (early ?? this.entries).push(entry);
    const begin = (position: Position | undefined): void => {
      const held = early ?? [];
      early = undefined;
      if (position) this.entries.push({ type: "subscribed", topic, position });
      this.entries.push(...held);
    };
    subscription.ready().then(begin, () => begin(undefined));
    subscription.onAny((notification) => {
      const { id, data, position } = notification;
      this.notifications.push(notification);
      add({ type: "delivered", topic, id, data: dataText(data), position });
    });
    subscription.onGap((gap) => {
      this.gaps.push(gap);
      add({ type: "gap", topic, after: gap.after, resumeAt: gap.resumeAt, reason: gap.reason });
    });
    subscription.onEnd((error) => {
      this.#following.delete(topic);
      this.ends.set(topic, error);
      if (error.code === "closed") add({ type: "unsubscribed", topic });
    });
  }

  /** Logs that the revocation of the right to a topic has returned. */
  revoked(topic: string): void {
    this.entries.push({ type: "revoked", topic });
  }

  /** The numbers `n` in the data of a topic's notifications, in the order of delivery. */
  numbers(topic: string): readonly number[] {
    return this.notifications
      .filter((notification) => notification.topic === topic)
      .map(({ data }) => (data as { readonly n: number }).n);
  }

  /** Waits until `done` is true. Rejects after `timeout` milliseconds with the end of the log. */
  async until(done: () => boolean, what: string, timeout = 5_000): Promise<void> {
    await until(done, what, timeout, () => this.describe());
  }

  /** The last 15 entries, one a line. */
  describe(): string {
    const lines = this.entries.slice(-15).map((entry) => `  ${JSON.stringify(entry)}`);
    return [`${this.session}: ${this.entries.length} entries`, ...lines].join("\n");
  }
}

/** Waits until `done` is true. Rejects after `timeout` ms with `what` and `describe()`. */
export async function until(
  done: () => boolean | Promise<boolean>,
  what: string,
  timeout = 5_000,
  describe: () => string = () => "",
): Promise<void> {
  const limit = performance.now() + timeout;
  while (!(await done())) {
    if (performance.now() > limit) throw new Error(`waited ${timeout} ms for ${what}\n${describe()}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK));
  }
}
