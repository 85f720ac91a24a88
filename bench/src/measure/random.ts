/**
 * Seeded chance: the same seed gives the same workload, the same order of rounds and the same
 * intervals.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A uniform integer in [least, most]. */
  between(least: number, most: number): number;
  /** One of the items, each as likely. Throws a RangeError when there is none. */
  pick<T>(items: readonly T[]): T;
  /** The items in random order; the array given stays as it is. */
  shuffled<T>(items: readonly T[]): T[];
}

/**
 * A source from a 32-bit seed (mulberry32). It uses 32-bit integer arithmetic only, so that every
 * engine and every platform draws the same numbers.
 */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    pick(items) {
      if (items.length === 0) throw new RangeError("nothing to pick from");
      return items[between(0, items.length - 1)] as (typeof items)[number];
    },
    shuffled<T>(items: readonly T[]): T[] {
      const result = [...items];
      for (let index = result.length - 1; index > 0; index -= 1) {
        const other = between(0, index);
        const item = result[index] as T;
        result[index] = result[other] as T;
        result[other] = item;
      }
      return result;
    },
  };
}
