/** A seeded source of random numbers: with its seed, a failing run can be repeated. */
export interface Random {
  /** Uniform in [0, 1), as `Math.random` is. */
  next(): number;
  /** A uniform integer in [0, below). */
  int(below: number): number;
  /** One of the items, each as likely. Throws a RangeError when there is none. */
  pick<T>(items: readonly T[]): T;
  /** True with the given probability. */
  chance(probability: number): boolean;
  /** An independent stream, so that one part's draws do not shift another's. */
  fork(): Random;
}

/** Makes a source from a 32-bit seed. Not for secrets: its output can be predicted. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  // A Weyl sequence with two rounds of multiply and shift: period 2^32, enough to spread faults.
  const word = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  };
  const int = (below: number): number => Math.floor((word() / 0x1_0000_0000) * below);
  return {
    next: () => word() / 0x1_0000_0000,
    int,
    pick(items) {
      if (items.length === 0) throw new RangeError("nothing to pick from");
      return items[int(items.length)] as (typeof items)[number];
    },
    chance: (probability) => word() / 0x1_0000_0000 < probability,
    fork: () => seededRandom(word()),
  };
}

/** A random seed. Print it: without it the run cannot be repeated. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 0x1_0000_0000);
}
