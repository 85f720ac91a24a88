/**
 * When a drive may stop to wait for what is missing: it asks the clients, as silence alone does not
 * tell a loss from a backoff. Pure.
 */

/**
 * Milliseconds that a client may take by default from a loss of its connection until it is back: a
 * channel's longest backoff and one attempt.
 */
export const COMES_BACK_WITHIN = 35_000;

/** Milliseconds of silence after which nothing more comes to clients that are connected. */
const SILENCE = 3_000;
/**
 * And when all of them have the last of every topic, so that only what is out of order could still
 * come.
 */
const SILENCE_AT_THE_END = 500;
/**
 * Milliseconds for which a drive waits in all, beyond what its clients may take: for those that
 * come back again and again.
 */
const LONGEST = 30_000;

/** A client to which something that is due has not come yet. */
export interface Straggler {
  readonly subscriber: string;
  /**
   * It has the last that is due of every topic; on a wire that keeps order, what it misses now
   * never comes.
   */
  readonly hasLast: boolean;
  /** It says that it is connected and subscribed. One that is not is on its way back. */
  readonly live: boolean;
}

/**
 * One wait, from the last notification that was sent. All times are of one clock, in milliseconds.
 */
export class Settling {
  readonly #began: number;
  readonly #comesBackWithin: number;
  /** Since when those that are away have been away. */
  #away: ReadonlyMap<string, number> = new Map();
  #lastReturning: number;

  constructor(began: number, comesBackWithin: number) {
    this.#began = began;
    this.#comesBackWithin = comesBackWithin;
    this.#lastReturning = began;
  }

  /**
   * Whether nothing more can come: nobody misses anything, or those who do are connected and hear
   * nothing, or have been away for longer than their contender may take. `stragglers` is asked for
   * only after some silence, as looking at all clients costs time.
   */
  isOver(now: number, lastDelivery: number, stragglers: () => readonly Straggler[]): boolean {
    if (now - this.#began >= this.#comesBackWithin + LONGEST) return true;
    const silence = (): number => now - Math.max(lastDelivery, this.#lastReturning);
    if (silence() < SILENCE_AT_THE_END && this.#away.size === 0) return false;
    const behind = stragglers();
    const away = behind.filter(({ live, hasLast }) => !live && !hasLast);
    this.#away = new Map(away.map(({ subscriber }) => [subscriber, this.#away.get(subscriber) ?? now]));
    const returning = [...this.#away.values()].some((since) => now - since < this.#comesBackWithin);
    if (returning) this.#lastReturning = now;
    return (
      behind.length === 0 ||
      silence() >= (behind.every(({ hasLast }) => hasLast) ? SILENCE_AT_THE_END : SILENCE)
    );
  }
}
