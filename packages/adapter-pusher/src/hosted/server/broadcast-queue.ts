/**
 * Decides which events go to Pusher next, and whether those that it did not take are sent again.
 * Pure. Events of one channel leave one after another; several requests may be under way for
 * different channels.
 */
import { HOSTED_LIMITS } from "../../protocol/limits.ts";

/** One event on its way. */
export interface BroadcastEvent {
  readonly channel: string;
  readonly name: string;
  /** The data, encoded. */
  readonly data: string;
  /** The connection that must not receive it. */
  readonly socketId?: string | undefined;
  /** It is worthless later, so it is not sent again. */
  readonly volatile: boolean;
  /** The time at which it was added, in monotonic milliseconds. */
  readonly at: number;
  /**
   * It was part of a batch that was refused as a whole, and is now sent alone, which shows which
   * one was wrong.
   */
  readonly alone?: boolean;
}

/** `later`: sending again may succeed. `refused`: it cannot. */
export type Failure = "later" | "refused";

/** The largest number of requests under way. */
const LANES = 4;
/** The largest number of events, and of bytes, that wait. */
const MAX_EVENTS = 10_000;
const MAX_BYTES = 8_388_608;
/** Milliseconds after which an event is given up: by then clients have read it from the history. */
const PATIENCE = 30_000;
/**
 * Milliseconds before the next request after a failure: random up to the base, which doubles with
 * every failure up to the cap.
 */
const BASE = 500;
const CAP = 20_000;

export class BroadcastQueue {
  #waiting: BroadcastEvent[] = [];
  #bytes = 0;
  readonly #busy: Set<string> = new Set();
  #underWay = 0;
  #failures = 0;
  #resumeAt = 0;

  /** Whether every event was sent or dropped. */
  get empty(): boolean {
    return this.#waiting.length === 0 && this.#underWay === 0;
  }

  /** The number of waiting events. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Adds an event; returns the oldest ones, which were dropped for it. */
  add(event: BroadcastEvent): readonly BroadcastEvent[] {
    this.#waiting.push(event);
    this.#bytes += event.data.length;
    let over = 0;
    while (this.#waiting.length - over > MAX_EVENTS || this.#bytes > MAX_BYTES) {
      this.#bytes -= this.#waiting[over]?.data.length ?? 0;
      over += 1;
    }
    return over > 0 ? this.#waiting.splice(0, over) : [];
  }

  /** Removes and returns the events that have waited for too long. */
  expire(now: number): readonly BroadcastEvent[] {
    const fresh = this.#waiting.filter(({ at }) => now - at < PATIENCE);
    if (fresh.length === this.#waiting.length) return [];
    const old = this.#waiting.filter(({ at }) => now - at >= PATIENCE);
    this.#keep(fresh);
    return old;
  }

  /**
   * Removes and returns the next batch to send; undefined when there is none at the moment. The
   * caller reports the result with {@link taken} or {@link failed}.
   */
  next(now: number): readonly BroadcastEvent[] | undefined {
    if (this.#underWay >= LANES || now < this.#resumeAt) return undefined;
    const batch: BroadcastEvent[] = [];
    const passed = new Set(this.#busy);
    for (const event of this.#waiting) {
      if (passed.has(event.channel)) continue;
      if (event.alone && batch.length > 0) {
        // Later events of its channel wait with it.
        passed.add(event.channel);
        continue;
      }
      batch.push(event);
      if (event.alone || batch.length === HOSTED_LIMITS.batch) break;
    }
    if (batch.length === 0) return undefined;
    const sent = new Set(batch);
    this.#keep(this.#waiting.filter((event) => !sent.has(event)));
    this.#underWay += 1;
    for (const { channel } of batch) this.#busy.add(channel);
    return batch;
  }

  /** Pusher has accepted a batch. */
  taken(batch: readonly BroadcastEvent[]): void {
    this.#failures = 0;
    this.#resumeAt = 0;
    this.#back(batch);
  }

  /**
   * Pusher has not taken a batch. Returns the events that are given up. `random` is from [0, 1).
   */
  failed(
    batch: readonly BroadcastEvent[],
    failure: Failure,
    now: number,
    random: number,
  ): readonly BroadcastEvent[] {
    this.#back(batch);
    if (failure === "refused") {
      if (batch.length === 1) return batch;
      this.#keep([...batch.map((event) => ({ ...event, alone: true })), ...this.#waiting]);
      return [];
    }
    // Requests that were under way together fail together, and count once.
    if (now >= this.#resumeAt) {
      this.#resumeAt = now + random * Math.min(CAP, BASE * 2 ** this.#failures);
      this.#failures += 1;
    }
    // They go first, because later events of these channels were waiting for them.
    this.#keep([...batch.filter((event) => !event.volatile), ...this.#waiting]);
    return batch.filter((event) => event.volatile);
  }

  /** The earliest time of the next request, in monotonic milliseconds; 0: at once. */
  get resumeAt(): number {
    return this.#resumeAt;
  }

  /** Gives up every waiting event. */
  clear(): readonly BroadcastEvent[] {
    const given = this.#waiting;
    this.#keep([]);
    return given;
  }

  #keep(events: BroadcastEvent[]): void {
    this.#waiting = events;
    this.#bytes = events.reduce((sum, { data }) => sum + data.length, 0);
  }

  #back(batch: readonly BroadcastEvent[]): void {
    this.#underWay -= 1;
    for (const { channel } of batch) this.#busy.delete(channel);
  }
}

/** Whether a batch may be sent again after this status; undefined stands for no answer. */
export function failureOf(status: number | undefined): Failure {
  // These two concern the batch. All others concern the app, its plan, or a passing condition.
  return status === 400 || status === 413 ? "refused" : "later";
}
