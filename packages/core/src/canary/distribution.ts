/**
 * Milliseconds, counted in fixed buckets, so that the counts of many clients can be added. Pure.
 */

/** The distribution of some milliseconds. Values are null if nothing was counted. */
export interface Distribution {
  readonly count: number;
  readonly min: number | null;
  /**
   * Percentiles: half, nine in ten and 99 in a hundred were at most this. Their precision is that
   * of a bucket: up to 19 % further from zero than the truth, never nearer, and zero for less than
   * a quarter of a millisecond.
   */
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  /**
   * The count of each bucket by its number, ascending, without the empty ones. {@link bucketEnd}
   * gives the milliseconds of a bucket.
   */
  readonly buckets: readonly (readonly [bucket: number, count: number])[];
}

/** The bound of bucket 0 on both sides of zero, in milliseconds. */
const LEAST = 0.25;
/** Buckets within which the end doubles. */
const PER_DOUBLING = 4;
/** The outermost bucket, which ends after 36 hours. It also counts everything beyond. */
const LAST = 116;

function bucketOf(ms: number): number {
  const distance = Math.abs(ms);
  if (!(distance > LEAST)) return 0;
  const number = Math.min(LAST, Math.ceil(Math.log2(distance / LEAST) * PER_DOUBLING));
  return ms < 0 ? -number : number;
}

/**
 * The end of a bucket that is further from zero, in milliseconds; negative for negative buckets.
 * The end of bucket 0 is zero.
 */
export function bucketEnd(bucket: number): number {
  return bucket === 0 ? 0 : Math.sign(bucket) * LEAST * 2 ** (Math.abs(bucket) / PER_DOUBLING);
}

/**
 * Counts milliseconds, or adds the counts of others. Holds at most 233 numbers, however much is
 * added.
 */
export class Counter {
  readonly #buckets: Map<number, number> = new Map();
  #count = 0;
  #min = Infinity;
  #max = -Infinity;

  add(ms: number): void {
    this.#put(bucketOf(ms), 1);
    this.#min = Math.min(this.#min, ms);
    this.#max = Math.max(this.#max, ms);
  }

  /** Adds the counts of another counter. */
  merge({ buckets, min, max }: Distribution): void {
    for (const [bucket, count] of buckets) this.#put(bucket, count);
    this.#min = Math.min(this.#min, min ?? Infinity);
    this.#max = Math.max(this.#max, max ?? -Infinity);
  }

  report(): Distribution {
    const buckets = [...this.#buckets].sort(([a], [b]) => a - b);
    const some = this.#count > 0;
    return {
      count: this.#count,
      min: some ? this.#min : null,
      p50: this.#quantile(buckets, 0.5),
      p90: this.#quantile(buckets, 0.9),
      p99: this.#quantile(buckets, 0.99),
      max: some ? this.#max : null,
      buckets,
    };
  }

  #put(bucket: number, count: number): void {
    this.#count += count;
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + count);
  }

  #quantile(buckets: readonly (readonly [bucket: number, count: number])[], share: number): number | null {
    let left = Math.ceil(share * this.#count);
    for (const [bucket, count] of buckets) {
      left -= count;
      // A bucket's end may lie beyond every value that was counted.
      if (left <= 0) return Math.max(this.#min, Math.min(this.#max, bucketEnd(bucket)));
    }
    return null;
  }
}
