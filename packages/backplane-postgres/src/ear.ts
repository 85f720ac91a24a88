/** The connection for LISTEN: shared by all topics, tested, and made again when it is lost. */
import type { Entry } from "@bellwire/core/server";
import { within } from "./drivers/driver.ts";
import type { Engine } from "./engine.ts";
import { closedError, rejectionOf } from "./failures.ts";
import type { Notifier } from "./notifier.ts";
import { Parts, readPayload } from "./payload.ts";

/** Milliseconds between two tests of the connection. */
const TEST = 5_000;

/** The shortest and the longest pause before the connection is made again. */
const PAUSES: readonly [number, number] = [100, 5_000];

/** Receives what other instances sent. */
export interface Hearer {
  /** Topics have new entries. */
  hinted(topics: readonly string[]): void;
  /** Whether volatile entries of the topic are wanted. */
  wants(topic: string): boolean;
  volatile(topic: string, entry: Entry): void;
  /** The connection is back after a loss: hints and volatile entries were lost. */
  restored(): void;
}

export class Ear {
  readonly #engine: Engine;
  readonly #notifier: Notifier;
  readonly #hearer: Hearer;
  readonly #parts: Parts = new Parts();
  readonly #pings: Map<number, () => void> = new Map();
  #pinged = 0;
  #opening: Promise<void> | undefined;
  #end: (() => Promise<void>) | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(engine: Engine, notifier: Notifier, hearer: Hearer) {
    this.#engine = engine;
    this.#notifier = notifier;
    this.#hearer = hearer;
  }

  /** Resolves when this instance hears what the others send. */
  async open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    try {
      await within(this.#engine.settings.timeout, this.#opening);
    } catch (error) {
      throw this.#engine.closed ? closedError() : rejectionOf(error);
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#end?.();
  }

  async #open(): Promise<void> {
    const { driver, names, settings } = this.#engine;
    await this.#engine.ready();
    let end: (() => Promise<void>) | undefined;
    const current = (): boolean => this.#end === end && !this.#engine.closed;
    const stop = await driver.listen(
      names.channel,
      {
        heard: (payload) => this.#hear(payload),
        lost: (error) => {
          if (current()) this.#lost(error);
        },
        restored: () => {
          if (current()) this.#restored();
        },
      },
      settings.timeout,
    );
    end = stop;
    this.#end = stop;
    try {
      if (this.#engine.closed) throw closedError();
      if (!(await this.#hearsItself())) throw new Error("what is sent by NOTIFY is not heard by LISTEN");
    } catch (error) {
      this.#end = undefined;
      await stop();
      throw error;
    }
    this.#testLater();
  }

  #hear(payload: string): void {
    if (this.#engine.closed) return;
    const heard = readPayload(payload);
    if (heard === undefined) return;
    if (heard.kind === "part") {
      if (!this.#hearer.wants(heard.part.topic)) return;
      const entry = this.#parts.add(heard.part);
      if (entry) this.#hearer.volatile(heard.part.topic, entry);
    } else if (heard.kind === "ping") {
      if (heard.sender === this.#notifier.name) this.#pings.get(heard.n)?.();
    } else if (heard.sender !== this.#notifier.name) this.#hearer.hinted(heard.topics);
  }

  /** Proves that what is sent is heard: a pooler may prevent it, or a connection be dead. */
  async #hearsItself(): Promise<boolean> {
    this.#pinged += 1;
    const n = this.#pinged;
    const heard = new Promise<void>((resolve) => {
      this.#pings.set(n, resolve);
    });
    try {
      await this.#notifier.ping(n);
      return await within(this.#engine.settings.timeout, heard).then(
        () => true,
        () => false,
      );
    } finally {
      this.#pings.delete(n);
    }
  }

  #testLater(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#test(), TEST * (0.8 + 0.4 * Math.random()));
    this.#timer.unref();
  }

  async #test(): Promise<void> {
    const tested = this.#end;
    // A database that takes no NOTIFY says nothing about this connection.
    const hears = await this.#hearsItself().catch(() => true);
    if (this.#engine.closed || this.#end !== tested) return;
    if (hears) this.#testLater();
    else this.#lost(new Error("the connection for LISTEN hears nothing"));
  }

  #lost(error: unknown): void {
    clearTimeout(this.#timer);
    const end = this.#end;
    this.#end = undefined;
    void end?.();
    this.#parts.clear();
    this.#engine.settings.onError(rejectionOf(error));
    this.#opening = this.#openAgain();
    this.#opening.catch(() => {});
  }

  async #openAgain(): Promise<void> {
    for (let pause = PAUSES[0]; ; pause = Math.min(2 * pause, PAUSES[1])) {
      await this.#engine.pause(pause * (0.5 + Math.random()));
      if (this.#engine.closed) throw closedError();
      try {
        await this.#open();
        break;
      } catch (error) {
        if (this.#engine.closed) throw closedError();
        // The loss was reported.
        void error;
      }
    }
    this.#restored();
  }

  #restored(): void {
    this.#parts.clear();
    this.#hearer.restored();
  }
}
