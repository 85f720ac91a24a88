/** Evicts in the background, in batches, each a transaction of its own. */
import type { Engine } from "./engine.ts";

/** Milliseconds between two evictions, and between two removals of unused topics. */
const EVICT = 5_000;
const FORGET = 600_000;

/** The most rows of one batch. */
const BATCH = 1_000;

/** Milliseconds by which the times of two appends may be out of order. */
const SKEW = 60_000;

/** The start of time, in milliseconds since 1970. */
const EVER = 0;

export class Retention {
  readonly #engine: Engine;
  readonly #used: () => readonly string[];
  /** The moment from which on topics may have too many entries. */
  #since: number = EVER;

  /** `used` gives the topics that are in use. */
  constructor(engine: Engine, used: () => readonly string[]) {
    this.#engine = engine;
    this.#used = used;
  }

  /** Evicts again and again until the backplane closes. */
  async run(): Promise<void> {
    let forgotten = performance.now();
    let reported = "";
    while (!this.#engine.closed) {
      // Several hubs share the work: one that finds another at it comes back later.
      await this.#engine.pause(EVICT * (0.5 + Math.random()));
      try {
        await this.evict();
        if (performance.now() - forgotten >= FORGET) {
          await this.forget();
          forgotten = performance.now();
        }
        reported = "";
      } catch (error) {
        // The next round tries again.
        const { message } = error as Error;
        if (!this.#engine.closed && message !== reported) this.#engine.settings.onError(error);
        reported = message;
      }
    }
  }

  /** Removes everything that is above a cap. */
  async evict(): Promise<void> {
    const { names, settings } = this.#engine;
    const { size, ttl, bytes } = settings.history;
    const [clock] = await this.#engine.query(`select ${names.of("now")}()::float8 as now`);
    for (;;) {
      const [row] = await this.#engine.query(
        `select ${names.of("evict")}($1::text::bigint, $2::text::bigint, $3::text::bigint, $4::text::bigint, ${BATCH}) as n`,
        [size, ttl, bytes, this.#since].map(String),
      );
      // Fewer: none of the three kinds of rows has reached the limit.
      if (Number(row?.["n"]) < BATCH) break;
    }
    this.#since = Math.max(EVER, Number(clock?.["now"]) - SKEW);
  }

  /** Forgets topics that had neither an entry nor a listener for a day. */
  async forget(): Promise<void> {
    const used = JSON.stringify(this.#used());
    for (;;) {
      const [row] = await this.#engine.query(
        `select ${this.#engine.names.of("forget")}($1::text::json, ${BATCH}) as n`,
        [used],
      );
      if (Number(row?.["n"]) < BATCH) break;
    }
  }
}
