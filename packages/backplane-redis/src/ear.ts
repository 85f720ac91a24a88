/** The connection for subscriptions: one for each topic, whatever the number of its listeners. */
import { randomId } from "@bellwire/core/adapter";
import type { Entry, EntryListener } from "@bellwire/core/server";
import type { Driver, Line } from "./drivers/line.ts";
import { closedError } from "./failures.ts";
import type { Layout } from "./layout.ts";
import type { Settings } from "./options.ts";
import { readMessage } from "./payload.ts";
import { Upkeep } from "./upkeep.ts";

/** Milliseconds for which a topic stays subscribed after its last listener has gone. */
const GRACE = 5_000;
/** Channels of one command. */
const CHUNK = 1_000;
/** Milliseconds between two signs of life, at most. */
const LIFE = 2_000;

interface Heard {
  readonly listeners: Set<EntryListener>;
  /** Resolves when Redis has confirmed the subscription. */
  confirmed: Promise<void>;
  /** The last stored entry that the listeners have got. */
  last: { readonly epoch: string; readonly offset: number } | undefined;
  drop: NodeJS.Timeout | undefined;
}

export interface EarOptions {
  readonly driver: Driver;
  readonly layout: Layout;
  readonly settings: Settings;
  /** Publishes on a channel. */
  readonly publish: (channel: string, message: string) => Promise<void>;
  /** The connection was lost and is back: something may have been missed. */
  readonly restored: () => void;
}

export class Ear {
  readonly #options: EarOptions;
  readonly #upkeep: Upkeep;
  readonly #topics: Map<string, Heard> = new Map();
  /** A channel of our own: silence on it means a connection that is dead without a word. */
  readonly #life: string;
  #pending: Map<string, { resolve: () => void; reject: (error: unknown) => void }> = new Map();
  #leaving: string[] = [];
  #line: Line | undefined;
  #beat: NodeJS.Timeout | undefined;
  #heardAt = 0;

  constructor(options: EarOptions) {
    const { driver, layout, settings } = options;
    this.#options = options;
    this.#life = layout.channel(`$life.${randomId(16)}`);
    this.#upkeep = new Upkeep({
      driver,
      settings,
      greet: (line) => this.#greet(line),
      up: (again) => again && options.restored(),
      message: (channel, message) => this.#heard(channel, message),
    });
  }

  /** The topics that somebody listens to. */
  get topics(): readonly string[] {
    return Array.from(this.#topics.keys());
  }

  async listen(topic: string, listener: EntryListener): Promise<() => void> {
    if (this.#upkeep.closed) throw closedError();
    let heard = this.#topics.get(topic);
    if (!heard) {
      heard = { listeners: new Set(), confirmed: this.#subscribe(topic), last: undefined, drop: undefined };
      this.#topics.set(topic, heard);
    }
    const { listeners } = heard;
    clearTimeout(heard.drop);
    // A listener of its own for each call, since the same function may be given twice.
    const own: EntryListener = (epoch, entry) => listener(epoch, entry);
    listeners.add(own);
    const stop = (): void => {
      if (!listeners.delete(own) || listeners.size > 0) return;
      heard.drop = setTimeout(() => this.#drop(topic, heard), GRACE);
      heard.drop.unref();
    };
    try {
      await heard.confirmed;
    } catch (error) {
      listeners.delete(own);
      if (this.#topics.get(topic) === heard) this.#topics.delete(topic);
      throw error;
    }
    try {
      // Confirmed once, but the connection may have been lost since.
      await this.#upkeep.ready();
    } catch (error) {
      stop();
      throw error;
    }
    return stop;
  }

  /** Hands the listeners an entry unless they have had it. */
  deliver(topic: string, epoch: string, entry: Entry): void {
    const heard = this.#topics.get(topic);
    if (!heard) return;
    const { last, listeners } = heard;
    if (entry.offset > 0) {
      if (last?.epoch === epoch && entry.offset <= last.offset) return;
      heard.last = { epoch, offset: entry.offset };
    }
    for (const listener of listeners) {
      try {
        listener(epoch, entry);
      } catch (error) {
        this.#options.settings.onError(error);
      }
    }
  }

  close(): void {
    clearTimeout(this.#beat);
    for (const { listeners, drop } of this.#topics.values()) {
      clearTimeout(drop);
      listeners.clear();
    }
    this.#topics.clear();
    this.#upkeep.close();
  }

  #subscribe(topic: string): Promise<void> {
    if (this.#pending.size === 0) queueMicrotask(() => void this.#flush());
    return new Promise((resolve, reject) => this.#pending.set(topic, { resolve, reject }));
  }

  /** Subscribes to everything that was asked for in this tick. */
  async #flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = new Map();
    const names = Array.from(pending.keys());
    try {
      // A connection that has come up since has subscribed to them already; once more does no harm.
      await this.#upkeep.run((line) => this.#each(names, (channels) => line.subscribe(channels)));
      for (const { resolve } of pending.values()) resolve();
    } catch (error) {
      for (const { reject } of pending.values()) reject(error);
    }
  }

  #drop(topic: string, heard: Heard): void {
    if (heard.listeners.size > 0 || this.#topics.get(topic) !== heard) return;
    this.#topics.delete(topic);
    if (this.#leaving.push(topic) > 1) return;
    setImmediate(() => {
      const gone = this.#leaving.filter((name) => !this.#topics.has(name));
      this.#leaving = [];
      const line = this.#line;
      if (line) this.#each(gone, (channels) => line.unsubscribe(channels)).catch(() => {});
    });
  }

  async #each(
    topics: readonly string[],
    send: (channels: readonly string[]) => Promise<void>,
  ): Promise<void> {
    const { layout } = this.#options;
    const chunks: Promise<void>[] = [];
    for (let n = 0; n < topics.length; n += CHUNK)
      chunks.push(send(topics.slice(n, n + CHUNK).map((topic) => layout.channel(topic))));
    await Promise.all(chunks);
  }

  async #greet(line: Line): Promise<void> {
    await line.subscribe([this.#life]);
    await this.#each(this.topics, (channels) => line.subscribe(channels));
    this.#line = line;
    this.#heardAt = performance.now();
    this.#live(line);
  }

  /** Says something to itself, and gives the connection up when it is not heard. */
  #live(line: Line): void {
    const { settings, publish } = this.#options;
    const every = Math.min(LIFE, settings.timeout / 2);
    clearTimeout(this.#beat);
    this.#beat = setTimeout(() => {
      if (this.#line !== line || this.#upkeep.closed) return;
      if (performance.now() - this.#heardAt > every + settings.timeout) return this.#upkeep.drop(line);
      // When the command fails, nothing was said, and the silence means nothing.
      publish(this.#life, "").catch(() => {
        this.#heardAt = performance.now();
      });
      this.#live(line);
    }, every);
    this.#beat.unref();
  }

  #heard(channel: string, message: string): void {
    this.#heardAt = performance.now();
    if (channel === this.#life) return;
    const read = readMessage(message);
    // A message of another program is no notification.
    if (read) this.deliver(this.#options.layout.topicOf(channel), read.epoch, read.entry);
  }
}
