/** Keeps one connection to Redis up: opens it, greets, and opens another when it is lost. */
import { BellwireError } from "@bellwire/core";
import type { Driver, Line } from "./drivers/line.ts";
import { closedError, failureOf, overloaded } from "./failures.ts";
import type { Settings } from "./options.ts";

/** Milliseconds before the first new attempt, doubled with each up to the second. */
const SHORTEST = 50;
const LONGEST = 2_000;

export interface UpkeepOptions {
  readonly driver: Driver;
  readonly settings: Settings;
  /** Prepares a fresh connection. Nothing else is sent before it resolves. */
  readonly greet: (line: Line) => Promise<void>;
  /** The connection serves from now on. */
  readonly up?: () => void;
  readonly message?: (channel: string, message: string) => void;
}

export class Upkeep {
  readonly #options: UpkeepOptions;
  #line: Line | undefined;
  #failure: BellwireError | undefined;
  #begun = false;
  #wasUp = false;
  #closed = false;
  #delay = SHORTEST;
  #retry: NodeJS.Timeout | undefined;
  /** Callers that wait for the outcome of an attempt. */
  #waiting: ((line: Line | undefined) => void)[] = [];

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Resolves with a connection that serves. Waits for the first one; once a connection was lost, it
   * rejects at once until there is another. Rejects with the reason why there is none, and with
   * `closed`.
   */
  async line(): Promise<Line> {
    this.#begin();
    if (this.#line) return this.#line;
    const { absent, timeout } = this.#options.settings;
    const patient = absent === "wait" && !this.#wasUp;
    if (!patient && this.#failure) throw this.#failure;
    return within(timeout, this.#outcome(patient));
  }

  /** Resolves at the first connection that serves; see `RedisBackplane.ready`. */
  async ready(): Promise<void> {
    this.#begin();
    if (this.#line) return;
    await this.#outcome(this.#options.settings.absent === "wait");
  }

  /** Ends a connection that is of no use. Another is opened in its place. */
  drop(line: Line): void {
    if (this.#line === line) this.#lost(overloaded("Redis cannot be reached"));
    line.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#line?.close();
    this.#line = undefined;
    this.#tell();
  }

  /** The next outcome, or with `patient` the first good one. */
  async #outcome(patient: boolean): Promise<Line> {
    for (;;) {
      const line = await new Promise<Line | undefined>((resolve) => this.#waiting.push(resolve));
      if (this.#closed) throw closedError();
      if (line) return line;
      if (!patient) throw this.#failure ?? overloaded("Redis cannot be reached");
    }
  }

  #begin(): void {
    if (this.#closed) throw closedError();
    if (this.#begun) return;
    this.#begun = true;
    void this.#attempt();
  }

  async #attempt(): Promise<void> {
    const { driver, settings, greet, up, message } = this.#options;
    let line: Line | undefined;
    let open = true;
    try {
      line = await within(
        settings.timeout,
        driver.open(
          {
            message: (channel, text) => message?.(channel, text),
            close: () => {
              open = false;
              if (line && this.#line === line) this.#lost(overloaded("the connection to Redis was lost"));
            },
          },
          settings.timeout,
        ),
        // One that is opened too late is nobody's.
        (late) => late.close(),
      );
      await within(settings.timeout, greet(line));
      if (!open) throw overloaded("the connection to Redis was lost");
    } catch (error) {
      line?.close();
      return this.#lost(failureOf(error));
    }
    if (this.#closed) return line.close();
    this.#line = line;
    this.#failure = undefined;
    this.#wasUp = true;
    this.#delay = SHORTEST;
    this.#tell();
    up?.();
  }

  #lost(failure: BellwireError): void {
    this.#line = undefined;
    if (this.#closed) return;
    // Every outage is reported, and not every attempt of it.
    if (this.#failure?.message !== failure.message) this.#options.settings.onError(failure);
    this.#failure = failure;
    this.#tell();
    this.#retry = setTimeout(() => void this.#attempt(), this.#delay * (0.5 + Math.random() / 2));
    this.#retry.unref();
    this.#delay = Math.min(LONGEST, this.#delay * 2);
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve(this.#line);
  }
}

/** Settles as the promise does, or rejects with `overloaded` after `ms` milliseconds. */
export async function within<T>(ms: number, promise: Promise<T>, late?: (value: T) => void): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let expired = false;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      expired = true;
      reject(new TooLong(ms));
    }, ms);
  });
  promise.then(
    (value) => expired && late?.(value),
    () => {},
  );
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Redis has not answered in time: its process may be stopped, or the network be cut. */
export class TooLong extends BellwireError {
  constructor(ms: number) {
    super("overloaded", `Redis gave no answer within ${ms} ms`, { retryAfter: 1_000 });
  }
}
