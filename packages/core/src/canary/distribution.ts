/** Milliseconds, counted in fixed buckets, so that those of many clients can be added. Pure. */

/** How some milliseconds were spread. What is not known for want of any is null. */
export interface Distribution {
  readonly count: number;
  readonly min: number | null;
  /**
   * Half, nine in ten and 99 in a hundred were at most this. As wide as a bucket: up to 19 % further from zero than the truth, never
   * nearer to it, and zero for less than a quarter of a millisecond.
   */
  readonly p50: number | null;
  readonly p90: number | null;
  readonly p99: number | null;
  readonly max: number | null;
  /** How many fell into each bucket, by the bucket's number, ascending; the empty ones are left out. {@link bucketEnd} says what it means. */
  readonly buckets: readonly (readonly [bucket: number, count: number])[];
}

/** What falls into bucket 0, on both sides of zero, in milliseconds. */
const LEAST = 0.25;
/** Buckets until their end has doubled. */
const PER_DOUBLING = 4;
/** The outermost bucket, ending after 36 hours; what is more falls into it. */
const LAST = 116;

function bucketOf(ms: number): number {
  const distance = Math.abs(ms);
  if (!(distance > LEAST)) return 0;
  const number = Math.min(LAST, Math.ceil(Math.log2(distance / LEAST) * PER_DOUBLING));
  return ms < 0 ? -number : number;
}

/** The end of a bucket that is further from zero, in milliseconds; negative for negative buckets. Bucket 0 counts as zero. */
export function bucketEnd(bucket: number): number {
  return bucket === 0 ? 0 : Math.sign(bucket) * LEAST * 2 ** (Math.abs(bucket) / PER_DOUBLING);
}

/** Counts milliseconds, or what others have counted. Holds at most 233 numbers, however much is added. */
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

  /** Adds what another counter has counted. */
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
      // A bucket's end may lie beyond everything that was seen.
      if (left <= 0) return Math.max(this.#min, Math.min(this.#max, bucketEnd(bucket)));
    }
    return null;
  }
}
