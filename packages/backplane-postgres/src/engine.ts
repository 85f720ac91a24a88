/** A database that is brought to the layout before its first use, and again when it was dropped. */
import { BellwireError } from "@bellwire/core";
import { type Driver, type Row, sqlStateOf, within } from "./drivers/driver.ts";
import { closedError, failureOf, isMissing, OLDEST, rejectionOf, tooOld } from "./failures.ts";
import { LAYOUT, migration } from "./migrations/migrations.ts";
import type { Names } from "./names.ts";
import type { Settings } from "./options.ts";

/** Milliseconds between two attempts to start, where the backplane waits for its database. */
const ATTEMPT = 1_000;

/** Attempts to start while other processes do the same, and the errors that tell so. */
const ATTEMPTS = 5;
const IN_THE_WAY: readonly (string | undefined)[] = ["40001", "40P01", "23505"];

export class Engine {
  readonly names: Names;
  readonly driver: Driver;
  readonly settings: Settings;
  #started: Promise<void> | undefined;
  #waiting: Promise<void> | undefined;
  #closed = false;
  readonly #ended: AbortController = new AbortController();

  constructor(driver: Driver, names: Names, settings: Settings) {
    this.driver = driver;
    this.names = names;
    this.settings = settings;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Resolves when the layout is up to date; see `PostgresBackplane.ready`. */
  ready(): Promise<void> {
    if (this.#closed) return Promise.reject(closedError());
    if (this.settings.absent === "reject") return this.#start();
    this.#waiting ??= this.#startInTheEnd();
    return this.#waiting;
  }

  /**
   * Runs one statement on the layout. Rejects with `overloaded`, `invalid_data` or `closed`, after
   * the timeout at the latest.
   */
  async query(text: string, params: readonly unknown[] = []): Promise<readonly Row[]> {
    const { timeout } = this.settings;
    const until = performance.now() + timeout;
    try {
      await within(timeout, this.ready());
      this.#assertOpen();
      const rows = await this.driver.query(text, params, Math.max(1, until - performance.now()));
      this.#assertOpen();
      return rows;
    } catch (error) {
      if (this.#closed) throw closedError();
      if (isMissing(error)) {
        this.#started = undefined;
        this.#waiting = undefined;
      }
      throw rejectionOf(error);
    }
  }

  /** Waits so many milliseconds, or until the backplane closes. Keeps no process alive. */
  pause(ms: number): Promise<void> {
    return pause(ms, this.#ended.signal);
  }

  /** From now on every call rejects with `closed`. */
  close(): void {
    this.#closed = true;
    this.#ended.abort();
    this.driver.release();
  }

  #assertOpen(): void {
    if (this.#closed) throw closedError();
  }

  #start(): Promise<void> {
    this.#started ??= this.#prepareInTurn().catch((error: unknown) => {
      this.#started = undefined;
      throw failureOf(error);
    });
    return this.#started;
  }

  async #startInTheEnd(): Promise<void> {
    let reported = "";
    for (;;) {
      try {
        await this.#start();
        return;
      } catch (error) {
        this.#assertOpen();
        const { message } = error as BellwireError;
        if (message !== reported) this.settings.onError(error);
        reported = message;
      }
      await this.pause(ATTEMPT);
      this.#assertOpen();
    }
  }

  /** Several processes that start at once may be in each other's way. */
  async #prepareInTurn(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#prepare();
      } catch (error) {
        if (attempt === ATTEMPTS || !IN_THE_WAY.includes(sqlStateOf(error))) throw error;
      }
    }
  }

  async #prepare(): Promise<void> {
    const { of } = this.names;
    const run = (text: string, ...params: readonly unknown[]): Promise<readonly Row[]> =>
      this.driver.query(text, params, this.settings.timeout);
    const [facts] = await run(
      `select current_setting('server_version_num')::int as version, current_setting('fsync') as fsync,
        pg_is_in_recovery() as replica, to_regclass($1::text) is not null as present`,
      of("layout"),
    );
    if (Number(facts?.["version"]) < OLDEST) throw tooOld();
    // A user without the right to create tables can use those that are there.
    const layout = facts?.["present"] === true ? await this.#layout() : undefined;
    if (layout !== LAYOUT) await run(migration(this.names));
    if (facts?.["replica"] !== true)
      await run(`select ${of("begin")}($1::text::boolean)`, String(this.settings.trusted));
    if (facts?.["fsync"] === "off") this.settings.onError(new BellwireError("invalid_option", FSYNC));
  }

  /** The version of the layout; undefined where the table is not ours: the migration refuses it. */
  async #layout(): Promise<unknown> {
    try {
      const text = `select version from ${this.names.of("layout")}`;
      const [row] = await this.driver.query(text, [], this.settings.timeout);
      return row?.["version"];
    } catch (error) {
      if (sqlStateOf(error) === "42703") return undefined;
      throw error;
    }
  }
}

const FSYNC =
  "postgresBackplane.database: must have fsync on; without it, a crash of the machine loses notifications";

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener("abort", done, { once: true });
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
