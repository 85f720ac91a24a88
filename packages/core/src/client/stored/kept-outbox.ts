/**
 * An outbox whose publishes are in a store as well, from `add` until the hub has answered, each
 * with a mark that says when it was sent first. The mark is stored before the publish is sent.
 */
import type { Clock } from "../../clock.ts";
import { BellwireError } from "../../errors.ts";
import { type ChannelOutbox, MAX_PUBLISHES, Outbox, type Pending, WINDOW } from "../outbox.ts";
import { type Kept, keptText, readKept } from "./kept.ts";
import type { Records } from "./records.ts";

/**
 * Milliseconds after the first sending for which a publish may be sent again: the hub knows its id
 * for 5 minutes, and the message needs time to get there.
 */
const RESEND = 270_000;

/**
 * Whether it is too late to send again what was sent at `sent`. It is, too, when the clock was set
 * back.
 */
export function isTooOld(sent: number, clock: Clock): boolean {
  return sent > 0 && Math.abs(clock.wall() - sent) > RESEND;
}

export function tooOld(): BellwireError {
  return new BellwireError("no_answer", "sent more than 4.5 minutes ago: it may have been appended");
}

/** A publish in the outbox. */
interface Entry {
  /** In the store. Undefined: not stored, since it would be useless after a reload. */
  readonly key: string | undefined;
  /** In the inner outbox: settles the publish, and takes it out of the store. */
  readonly pending: Pending;
  /** When it was sent first, by the wall clock; 0 if never. */
  sent: number;
  /** Whether it was sent on an earlier link. */
  again: boolean;
  writing: Promise<void> | undefined;
}

export interface KeptOutboxOptions {
  readonly records: Records;
  readonly clock: Clock;
  readonly report: (error: unknown) => void;
  /** Of the keys in the store. */
  readonly prefix: string;
  readonly session: string;
}

export class KeptOutbox implements ChannelOutbox {
  readonly session: string;
  readonly #options: KeptOutboxOptions;
  readonly #inner: Outbox = new Outbox();
  /** By the publish that was given, in order. */
  readonly #entries: Map<Pending, Entry> = new Map();
  #count = 0;
  #linked = false;
  #over = false;
  /** Resolves when what was begun in the store is done. */
  stored: Promise<unknown> = Promise.resolve();
  /** Publishes of other pages in the store, which count towards the bound. */
  others = 0;
  /** While closed, nothing is sent. */
  open = false;
  /** Called when something may be due. */
  flush: () => void = () => {};
  /** Called when the channel has ended. Its publishes stay in the store. */
  ended: () => void = () => {};

  constructor(options: KeptOutboxOptions) {
    this.#options = options;
    this.session = options.session;
  }

  get size(): number {
    return this.#entries.size;
  }

  add(pending: Pending, maxBytes?: number): void {
    const { clock, prefix } = this.#options;
    if (this.#entries.size + this.others >= MAX_PUBLISHES)
      throw new BellwireError("outbox_full", "at most 1,000 publishes, those of earlier pages included");
    const number = (++this.#count).toString(36).padStart(8, "0");
    const key = pending.volatile ? undefined : prefix + number;
    const soon = this.open && this.#linked && this.#entries.size < WINDOW;
    const entry = this.#enter(pending, key, soon ? clock.wall() : 0, maxBytes);
    this.#write(entry);
  }

  /** Adds a publish that is in the store already. */
  restore(pending: Pending, key: string, { sent }: Kept): void {
    this.#enter(pending, key, sent).again = sent > 0;
  }

  remove(pending: Pending): void {
    const entry = this.#entries.get(pending);
    if (!entry) return;
    this.#inner.remove(entry.pending);
    this.#drop(pending);
  }

  due(nextRef: () => number, maxBytes: number): ReturnType<Outbox["due"]> {
    this.#linked = true;
    if (!this.open) return [];
    const { clock } = this.#options;
    let seen = 0;
    /** Those whose marks are stored, from the first on. */
    let ready = 0;
    for (const [pending, entry] of Array.from(this.#entries)) {
      if (seen === WINDOW) break;
      if (entry.again && isTooOld(entry.sent, clock)) {
        this.remove(pending);
        pending.reject(tooOld());
        continue;
      }
      entry.again = false;
      if (entry.sent === 0) {
        entry.sent = clock.wall();
        this.#write(entry);
      }
      if (ready === seen && !entry.writing) ready += 1;
      seen += 1;
    }
    return this.#inner.due(nextRef, maxBytes, ready);
  }

  settle(ref: number): Pending | undefined {
    return this.#inner.settle(ref);
  }

  unlink(): void {
    this.#linked = false;
    for (const entry of this.#entries.values()) entry.again = entry.sent > 0;
    this.#inner.unlink();
  }

  retry(ref: number): boolean {
    return this.#inner.retry(ref);
  }

  clear(error: BellwireError): void {
    this.#over = true;
    this.ended();
    this.#inner.clear(error);
  }

  /**
   * Looks at what other pages did with the publishes of this one while it stood still, since
   * `from`: one that is no longer in the store may have been sent at any time since.
   */
  async reconcile(from: number): Promise<void> {
    for (const entry of this.#entries.values()) {
      if (entry.key === undefined) continue;
      const text = await this.#options.records.read(entry.key);
      const kept = text === undefined ? undefined : readKept(text);
      entry.sent = kept ? kept.sent : entry.sent || from;
      entry.again = entry.sent > 0;
    }
  }

  #enter(given: Pending, key: string | undefined, sent: number, maxBytes?: number): Entry {
    const pending: Pending = {
      ...given,
      resolve: (answer) => {
        this.#drop(given);
        given.resolve(answer);
      },
      reject: (error) => {
        this.#drop(given);
        given.reject(error);
      },
    };
    this.#inner.add(pending, maxBytes);
    const entry: Entry = { key, pending, sent, again: false, writing: undefined };
    this.#entries.set(given, entry);
    return entry;
  }

  /** Takes a publish out of the store, unless the channel ended before the hub's answer came. */
  #drop(given: Pending): void {
    const entry = this.#entries.get(given);
    this.#entries.delete(given);
    if (entry?.key !== undefined && !this.#over) this.#store(entry, (records, key) => records.remove(key));
  }

  #write(entry: Entry): void {
    const text = keptText(entry.pending.message, entry.sent);
    this.#store(entry, (records, key) => records.write(key, text));
  }

  /** Does something in the store after what is under way there for this publish. */
  #store(entry: Entry, act: (records: Records, key: string) => Promise<void> | undefined): void {
    const { key } = entry;
    if (key === undefined) return;
    const { records } = this.#options;
    try {
      const done = entry.writing ? entry.writing.then(() => act(records, key)) : act(records, key);
      if (!done) return;
      const writing: Promise<void> = done
        .catch((error: unknown) => this.#failed(key, error))
        .then(() => {
          if (entry.writing !== writing) return;
          entry.writing = undefined;
          this.flush();
        });
      entry.writing = writing;
      this.stored = Promise.all([this.stored, writing]);
    } catch (error) {
      void this.#failed(key, error);
    }
  }

  /**
   * The publish stays in memory only. An older mark in the store must go: it might say that the
   * publish was never sent.
   */
  async #failed(key: string, error: unknown): Promise<void> {
    this.#options.report(error);
    try {
      await this.#options.records.remove(key);
    } catch {
      // Reported already.
    }
  }
}
