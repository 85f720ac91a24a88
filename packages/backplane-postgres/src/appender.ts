/**
 * Appends. Those of one topic that wait while a statement of the topic is under way share the next
 * statement, so that a busy topic takes one connection and one commit for many entries.
 */
import { createHash } from "node:crypto";
import { isBellwireError } from "@bellwire/core";
import type { NewEntry } from "@bellwire/core/server";
import { within } from "./drivers/driver.ts";
import type { Engine } from "./engine.ts";
import { closedError, rejectionOf } from "./failures.ts";

/** The most entries, and about the most characters, that one statement appends. */
const BATCH = 200;
const BATCH_LENGTH = 1_048_576;

/** The position of an append. */
export interface Appended {
  readonly epoch: string;
  readonly offset: number;
  /** Whether this append stored the entry; false when its id was known. */
  readonly fresh: boolean;
}

/**
 * The part of the time left for which a statement waits for another transaction. The rest is for
 * its answer: a caller that was rejected because the topic was held must not be appended later.
 */
const LOCK = 0.8;

interface Waiting {
  readonly entry: NewEntry;
  /** The moment at which the caller is rejected. */
  readonly until: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

export class Appender {
  readonly #engine: Engine;
  readonly #appended: (topic: string, entries: readonly (readonly [NewEntry, Appended])[]) => void;
  readonly #lanes: Map<string, Waiting[]> = new Map();

  /** `appended` is called with what one statement has stored, in the order of the offsets. */
  constructor(
    engine: Engine,
    appended: (topic: string, entries: readonly (readonly [NewEntry, Appended])[]) => void,
  ) {
    this.#engine = engine;
    this.#appended = appended;
  }

  async append(topic: string, entry: NewEntry): Promise<Appended> {
    if (this.#engine.closed) throw closedError();
    let waiting: Waiting | undefined;
    const answer = new Promise<Appended>((resolve, reject) => {
      waiting = { entry, until: performance.now() + this.#engine.settings.timeout, resolve, reject };
    });
    const lane = this.#lanes.get(topic);
    if (lane) lane.push(waiting as unknown as Waiting);
    else {
      const begun = [waiting as unknown as Waiting];
      this.#lanes.set(topic, begun);
      void this.#run(topic, begun);
    }
    try {
      return await within(this.#engine.settings.timeout, answer);
    } catch (error) {
      // One that still waits will never be appended.
      const at = this.#lanes.get(topic)?.indexOf(waiting as unknown as Waiting) ?? -1;
      if (at >= 0) this.#lanes.get(topic)?.splice(at, 1);
      throw rejectionOf(error);
    }
  }

  async #run(topic: string, lane: Waiting[]): Promise<void> {
    // Calls of the same tick join the first statement.
    await Promise.resolve();
    while (lane.length > 0) {
      const batch = lane.splice(0, fitting(lane));
      try {
        await this.#store(topic, batch);
      } catch (error) {
        if (batch.length > 1 && isBellwireError(error) && error.code === "invalid_data")
          // One of them is at fault, and the others must not suffer.
          for (const one of batch) await this.#store(topic, [one]).catch(one.reject);
        else for (const { reject } of batch) reject(error);
      }
    }
    this.#lanes.delete(topic);
  }

  async #store(topic: string, batch: readonly Waiting[]): Promise<void> {
    const { names } = this.#engine;
    const left = Math.min(...batch.map(({ until }) => until)) - performance.now();
    const json = JSON.stringify(batch.map(({ entry }) => stored(entry)));
    const rows = await this.#engine.query(
      `select epoch, "offset"::float8 as "offset", fresh
        from ${names.of("append_within")}($1::text, $2::text::json, $3::text::int) order by n`,
      [topic, json, String(Math.max(1, Math.floor(left * LOCK)))],
    );
    const results = batch.map(({ entry }, n) => {
      const row = rows[n];
      const { epoch, offset, fresh } = row as unknown as Appended;
      return [entry, { epoch, offset, fresh }] as const;
    });
    for (const [n, [, appended]] of results.entries()) batch[n]?.resolve(appended);
    this.#appended(
      topic,
      results.filter(([, { fresh }]) => fresh),
    );
  }
}

/** How many of the lane's first entries go into one statement. */
function fitting(lane: readonly Waiting[]): number {
  let length = 0;
  let count = 0;
  for (const { entry } of lane) {
    length += entry.json.length;
    if (count > 0 && (count >= BATCH || length > BATCH_LENGTH)) break;
    count += 1;
  }
  return count;
}

function stored({ publisher, ...entry }: NewEntry): object {
  // A publisher's name may be long, and may have characters that no text of PostgreSQL holds.
  const owner =
    publisher === undefined || entry.id === undefined
      ? undefined
      : createHash("sha256").update(publisher).digest("base64url");
  return { ...entry, publisher: owner };
}
