/** Keeps one connection to Redis up: opens it, greets, and opens another when it is lost. */
import type { BellwireError } from "@bellwire/core";
import type { Driver, Line } from "./drivers/line.ts";
import { closedError, failureOf, isReplica, overloaded, TooLong } from "./failures.ts";
import type { Settings } from "./options.ts";

/** Milliseconds before the first new attempt, doubled with each up to the second. */
const SHORTEST = 50;
const LONGEST = 2_000;

export interface UpkeepOptions {
  readonly driver: Driver;
  readonly settings: Settings;
  /** Prepares a fresh connection. Nothing else is sent before it resolves. */
  readonly greet: (line: Line) => Promise<void>;
  /** The connection serves from now on; `again`: it is not the first one. */
  readonly up?: (again: boolean) => void;
  readonly message?: (channel: string, message: string) => void;
}

/** A caller that waits for a connection. */
interface Waiting {
  readonly start: (line: Line) => void;
  readonly fail: (error: BellwireError) => void;
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
  #waiting: Waiting[] = [];

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Sends something on a connection that serves; calls send in the order in which they were made.
   * Waits for the first connection; once one was lost, rejects at once until there is another.
   * Rejects with `closed`, and with the reason why there is no connection or no answer, after the
   * timeout at the latest.
   */
  run<T>(send: (line: Line) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const { timeout } = this.#options.settings;
      let line: Line | undefined;
      let expired = false;
      const fail = (error: unknown): void => {
        clearTimeout(timer);
        if (this.#closed) return reject(closedError());
        if (line && (error instanceof TooLong || isReplica(error))) this.drop(line);
        reject(failureOf(error));
      };
      const timer = setTimeout(() => {
        expired = true;
        fail(new TooLong(timeout));
      }, timeout);
      const start = (serving: Line): void => {
        if (expired) return;
        line = serving;
        send(serving).then((value) => {
          clearTimeout(timer);
          resolve(value);
        }, fail);
      };
      this.#join({ start, fail });
    });
  }

  /** Resolves at the first connection that serves; see `RedisBackplane.ready`. */
  ready(): Promise<void> {
    return new Promise((resolve, reject) => this.#join({ start: () => resolve(), fail: reject }));
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
    for (const { fail } of this.#waiting.splice(0)) fail(closedError());
  }

  get #isPatient(): boolean {
    return this.#options.settings.absent === "wait" && !this.#wasUp;
  }

  #join(waiting: Waiting): void {
    if (this.#closed) return waiting.fail(closedError());
    if (this.#line) return waiting.start(this.#line);
    if (this.#failure && !this.#isPatient) return waiting.fail(this.#failure);
    this.#waiting.push(waiting);
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
    const again = this.#wasUp;
    this.#line = line;
    this.#failure = undefined;
    this.#wasUp = true;
    this.#delay = SHORTEST;
    for (const { start } of this.#waiting.splice(0)) start(line);
    up?.(again);
  }

  #lost(failure: BellwireError): void {
    this.#line = undefined;
    if (this.#closed) return;
    // Every outage is reported, and not every attempt of it.
    if (this.#failure?.message !== failure.message) this.#options.settings.onError(failure);
    this.#failure = failure;
    if (!this.#isPatient) for (const { fail } of this.#waiting.splice(0)) fail(failure);
    this.#retry = setTimeout(() => void this.#attempt(), this.#delay * (0.5 + Math.random() / 2));
    this.#retry.unref();
    this.#delay = Math.min(LONGEST, this.#delay * 2);
  }
}

/** Settles as the promise does, or rejects with `overloaded` after `ms` milliseconds. */
async function within<T>(ms: number, promise: Promise<T>, late?: (value: T) => void): Promise<T> {
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
