/**
 * Appends. While statements are under way, what comes is collected, and the next statement takes
 * all of it, of many topics and with one commit. A statement never waits for a topic that another
 * transaction holds: such a topic gets statements of its own, a few at a time.
 */
import { isBellwireError } from "@bellwire/core";
import type { NewEntry } from "@bellwire/core/server";
import { grouped, type Row, sqlStateOf, within } from "./drivers/driver.ts";
import type { Engine } from "./engine.ts";
import { closedError, rejectionOf } from "./failures.ts";
import { type Appended, Lane, stored, type Waiting } from "./lane.ts";

/** Statements that run at once: for all topics, and for topics that are held by others. */
const AT_ONCE = 3;
const PATIENT = 2;

/** The most entries, and about the most characters, of one statement. */
const ENTRIES = 200;
const LENGTH = 1_048_576;

/** The longest wait for a topic that another transaction holds, before another topic has a turn. */
const WAIT = 250;

/**
 * The part of the time left for which a statement waits for another transaction. The rest is for
 * its answer: a caller that was rejected because the topic was held must not be appended later.
 */
const PART = 0.8;

/** Entries of one topic that share a statement with those of others. */
interface Batch {
  readonly lane: Lane;
  readonly entries: readonly Waiting[];
}

export type OnAppended = (topic: string, entries: readonly (readonly [NewEntry, Appended])[]) => void;

export class Appender {
  readonly #engine: Engine;
  readonly #onAppended: OnAppended;
  readonly #lanes: Map<string, Lane> = new Map();
  /** Lanes of topics that were held when their turn came. */
  readonly #held: Lane[] = [];
  #running = 0;
  #patient = 0;
  #scheduled = false;

  /** `onAppended` is called with what was stored of a topic, in the order of the offsets. */
  constructor(engine: Engine, onAppended: OnAppended) {
    this.#engine = engine;
    this.#onAppended = onAppended;
  }

  async append(topic: string, entry: NewEntry): Promise<Appended> {
    if (this.#engine.closed) throw closedError();
    const { timeout } = this.#engine.settings;
    const lane = this.#lanes.get(topic) ?? new Lane(topic);
    this.#lanes.set(topic, lane);
    let waiting: Waiting | undefined;
    const answer = new Promise<Appended>((resolve, reject) => {
      waiting = { entry, until: performance.now() + timeout, resolve, reject, over: false };
      lane.add(waiting);
    });
    this.#schedule();
    try {
      return await within(timeout, answer);
    } catch (error) {
      if (waiting) lane.drop(waiting);
      throw rejectionOf(error);
    }
  }

  /** Calls of the same tick share a statement. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      while (this.#running < AT_ONCE && this.#start());
    });
  }

  /** Starts a statement with what waits; false when nothing does. */
  #start(): boolean {
    const batches: Batch[] = [];
    let [entries, length] = [ENTRIES, LENGTH];
    for (const lane of this.#lanes.values()) {
      if (lane.busy) continue;
      if (entries <= 0 || length <= 0) break;
      if (lane.empty) {
        this.#lanes.delete(lane.topic);
        continue;
      }
      const taken = lane.take(entries, length);
      lane.busy = true;
      batches.push({ lane, entries: taken });
      entries -= taken.length;
      for (const { entry } of taken) length -= entry.json.length;
    }
    if (batches.length === 0) return false;
    // Those that did not fit come first the next time.
    for (const { lane } of batches) {
      this.#lanes.delete(lane.topic);
      this.#lanes.set(lane.topic, lane);
    }
    this.#running += 1;
    void this.#run(batches).finally(() => {
      this.#running -= 1;
      this.#schedule();
    });
    return true;
  }

  async #run(batches: readonly Batch[]): Promise<void> {
    let held: readonly Batch[] = [];
    try {
      held = await this.#store(batches, false);
    } catch (error) {
      if (isOfOne(error)) held = batches;
      else rejectAll(batches, error);
    }
    for (const { lane } of batches) lane.busy = false;
    for (const batch of held) this.#hold(batch);
    this.#serveHeld();
  }

  #hold({ lane, entries }: Batch): void {
    lane.busy = true;
    lane.putBack(entries);
    this.#held.push(lane);
  }

  #serveHeld(): void {
    while (this.#patient < PATIENT) {
      const lane = this.#held.shift();
      if (!lane) return;
      this.#patient += 1;
      void this.#appendAlone(lane).finally(() => {
        this.#patient -= 1;
        this.#serveHeld();
        this.#schedule();
      });
    }
  }

  async #appendAlone(lane: Lane): Promise<void> {
    const batch = { lane, entries: lane.take(ENTRIES, LENGTH) };
    lane.busy = false;
    if (batch.entries.length === 0) return;
    lane.busy = true;
    try {
      await this.#store([batch], true);
    } catch (error) {
      if (isHeld(error)) return this.#hold(batch);
      if (!isOfOne(error) || batch.entries.length === 1) rejectAll([batch], error);
      // One of them is at fault, and the others must not suffer.
      else for (const one of batch.entries) await this.#appendOne(lane, one);
    }
    lane.busy = false;
  }

  async #appendOne(lane: Lane, one: Waiting): Promise<void> {
    if (!one.over) await this.#store([{ lane, entries: [one] }], true).catch(one.reject);
  }

  /** Gives back the batches of topics that others hold. */
  async #store(batches: readonly Batch[], patient: boolean): Promise<readonly Batch[]> {
    const until = Math.min(...batches.flatMap(({ entries }) => entries.map((one) => one.until)));
    const wait = Math.min(WAIT, Math.max(1, Math.floor((until - performance.now()) * PART)));
    const json = batches.map(({ lane, entries }) => ({
      topic: lane.topic,
      entries: entries.map(({ entry }) => stored(entry)),
    }));
    const rows = await this.#engine.query(
      `select batch, n, epoch, "offset"::float8 as "offset", fresh
        from ${this.#engine.names.of("append_all")}($1::text::json, $2::text::boolean, $3::text::int)
        order by batch, n`,
      [JSON.stringify(json), String(patient), String(wait)],
    );
    const answers = grouped(rows, "batch");
    return batches.filter((batch, n) => {
      const appended = answers.get(n);
      if (appended) this.#answer(batch, appended);
      return !appended;
    });
  }

  #answer({ lane, entries }: Batch, rows: readonly Row[]): void {
    const results = entries.map(({ entry, resolve }, n) => {
      const { epoch, offset, fresh } = rows[n] as unknown as Appended;
      resolve({ epoch, offset, fresh });
      return [entry, { epoch, offset, fresh }] as const;
    });
    this.#onAppended(
      lane.topic,
      results.filter(([, { fresh }]) => fresh),
    );
  }
}

function rejectAll(batches: readonly Batch[], error: unknown): void {
  for (const { entries } of batches) for (const { reject } of entries) reject(error);
}

/** A lock was not had in time; and what a transaction meets that is not of READ COMMITTED. */
const HELD: readonly (string | undefined)[] = ["55P03", "40001", "40P01"];

/** Whether another transaction was in the way. */
function isHeld(error: unknown): boolean {
  return isBellwireError(error) && HELD.includes(sqlStateOf(error.cause));
}

/** Whether one entry or topic of a statement has made all of it fail. */
function isOfOne(error: unknown): boolean {
  return isHeld(error) || (isBellwireError(error) && error.code === "invalid_data");
}
