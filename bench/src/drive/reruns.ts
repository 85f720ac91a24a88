/**
 * Runs a slice again whose sender fell behind: the machine was busy with something else just then,
 * and soon is not.
 */
import { sleep } from "../measure/clock.ts";
import { addHealth, lateness, type SenderHealth, WELL } from "./sender.ts";

/** How often one slice is run again, at most. */
export const MOST_RERUNS = 3;
/** Milliseconds before the first rerun; twice as many before each further one. */
const PAUSE = 50;

/** The last run of a slice, and how many there were before it. */
export interface Tried<T> {
  readonly result: T;
  readonly reruns: number;
}

/**
 * The slices of a row that count, in their places: those whose sender was well, when they are most
 * of them. Otherwise all, and `invalid` says why they are worth nothing, if they are.
 */
export function countedOf<T>(
  tried: readonly Tried<T>[],
  healthOf: (result: T) => SenderHealth,
): { readonly slices: readonly (T | undefined)[]; readonly invalid: string | undefined } {
  const all = tried.map(({ result }) => result);
  const slices = all.map((result) => (lateness(healthOf(result)) === undefined ? result : undefined));
  const well = slices.filter((slice) => slice !== undefined).length;
  if (well * 2 > all.length) return { slices, invalid: undefined };
  return { slices: all, invalid: lateness(all.map(healthOf).reduce(addHealth, WELL)) };
}

/** The reruns of one contender in one scenario. */
export class Reruns {
  #left: number;
  readonly #pause: (milliseconds: number) => Promise<void>;

  /**
   * All together they are at most twice as many as there are slices, or as one may have: a machine
   * that stays busy makes no run endless.
   */
  constructor(slices: number, pause: (milliseconds: number) => Promise<void> = sleep) {
    this.#left = Math.max(2 * slices, MOST_RERUNS);
    this.#pause = pause;
  }

  /**
   * Runs a slice until its sender was well, or the bound is reached. `again` says whether it ran
   * before.
   */
  async run<T>(
    slice: (again: boolean) => Promise<T>,
    healthOf: (result: T) => SenderHealth,
  ): Promise<Tried<T>> {
    let result = await slice(false);
    let reruns = 0;
    while (lateness(healthOf(result)) !== undefined && reruns < MOST_RERUNS && this.#left > 0) {
      this.#left -= 1;
      await this.#pause(PAUSE * 2 ** reruns);
      reruns += 1;
      result = await slice(true);
    }
    return { result, reruns };
  }
}
